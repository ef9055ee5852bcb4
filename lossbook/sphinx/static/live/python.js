// The page's side of the worker: one Python for all exercises of a page, one run at a time.

export const whyNot = () => {
  if (location.protocol === "file:") {
    return "Python cannot run here because the page was opened as a file, which browsers do not allow. "
      + "Open the book through a web server: make serve does that on your own computer.";
  }
  const needed = [self.WebAssembly, self.Worker, self.DecompressionStream, self.ReadableStream];
  if (needed.every(Boolean)) return "";
  return "Python cannot run in this browser: it lacks WebAssembly, workers or decompression. "
    + "Browsers since 2023 have them.";
};

const stopped = (sentence) => ({stopped: true, summary: sentence, warnings: []});

export class Python {
  #address;
  #worker = null;
  #state = "off"; // off, loading, starting, ready
  #progress = null;
  #job = null;
  #last = Promise.resolve();
  #number = 0;

  constructor(address) {
    this.#address = address;
    // Not even a page that waits in the browser's history keeps Python in memory.
    addEventListener("pagehide", () => this.#end("The page was left."));
  }

  // Start before there is anything to run.
  prepare() {
    if (!this.#worker) this.#start();
  }

  // Run code, check it against data (JSON, or null), and return the result. Listeners: onState(state, progress),
  // onOutput(text), onPlot(data). After `seconds` the code is stopped, and `signal` stops it before.
  run(code, data, seconds, listeners, signal) {
    const mine = this.#last.then(() => this.#run(code, data, seconds, listeners, signal));
    this.#last = mine;
    return mine;
  }

  #run(code, data, seconds, listeners, signal) {
    return new Promise((resolve) => {
      if (signal.aborted) {
        resolve(stopped("Stopped."));
        return;
      }
      const id = ++this.#number;
      this.#job = {id, seconds, listeners, timer: 0, finish: resolve};
      signal.addEventListener("abort", () => this.#job?.id === id && this.#abort());
      this.prepare();
      this.#tell();
      if (this.#state === "ready") this.#limit();
      this.#worker.postMessage({id, code, data});
    });
  }

  // Who stops the loading does not want the rest to come all the same.
  #abort() {
    if (this.#state === "ready") this.#restart("Stopped.");
    else this.#end("Stopped before Python was there. The next Run loads it.");
  }

  #restart(sentence) {
    this.#end(sentence);
    this.#start(); // ready for the next Run before it comes
  }

  #start() {
    this.#state = "loading";
    this.#progress = null;
    const worker = new Worker(this.#address);
    worker.onmessage = ({data}) => worker === this.#worker && this.#receive(data);
    worker.onerror = () => worker === this.#worker && this.#receive({kind: "failed", message: "worker.js did not come"});
    this.#worker = worker;
  }

  #receive(message) {
    const job = this.#job;
    if (message.kind === "progress") {
      this.#state = message.loaded < message.total ? "loading" : "starting";
      this.#progress = message;
      this.#tell();
    } else if (message.kind === "ready") {
      this.#state = "ready";
      this.#tell();
      this.#limit();
    } else if (message.kind === "failed") {
      this.#end(`Python could not be loaded (${message.message}). Check the connection, then press Run again.`);
    } else if (job && message.id === job.id) {
      if (message.kind === "output") job.listeners.onOutput(message.text);
      if (message.kind === "plot") job.listeners.onPlot(JSON.parse(message.text));
      if (message.kind === "done") this.#finish(message.result);
      if (message.kind === "broken") this.#restart(`This code broke Python itself (${message.message}). It starts anew.`);
    }
  }

  #tell() {
    this.#job?.listeners.onState(this.#state === "ready" ? "running" : this.#state, this.#progress);
  }

  #limit() {
    const job = this.#job;
    if (!job) return;
    job.timer = setTimeout(
      () => this.#restart(`Stopped after ${job.seconds} seconds: is there a loop that does not end?`), job.seconds * 1000);
  }

  #finish(result) {
    const job = this.#job;
    if (!job) return;
    clearTimeout(job.timer);
    this.#job = null;
    job.finish(result);
  }

  #end(sentence) {
    this.#worker?.terminate();
    this.#worker = null;
    this.#state = "off";
    this.#finish(stopped(sentence));
  }
}
