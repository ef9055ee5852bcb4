// <live-exercise>: a box of the book that becomes an editor with a Run button. Without this script it is plain text.
import {el} from "./html.js";
import {draw} from "./plot.js";
import {Python, whyNot} from "./python.js";
import * as report from "./report.js";
import * as storage from "./storage.js";

const here = document.currentScript.src;
const asset = (name) => new URL(`${name}?v=${VERSION}`, here).href;
const root = document.documentElement.dataset.content_root ?? "./";
const onMac = /Mac|iPhone|iPad/.test(navigator.platform);
const control = onMac ? "Command" : "Control";
const megabytes = (bytes) => (bytes / 1e6).toFixed(1);

const SECONDS = {exercise: 6, playground: 20};

let python = null;
const thePython = () => (python ??= new Python(asset("worker.js")));

// When the reader first does something: starting the editor holds up a phone for a third of a second.
const SIGNS = ["pointermove", "pointerdown", "touchstart", "wheel", "scroll", "keydown", "focusin"];
const reader = new Promise((resolve) => SIGNS.forEach((sign) =>
  addEventListener(sign, resolve, {once: true, passive: true, capture: true})));

const codeOf = (box) => box.querySelector("pre").textContent.trimEnd();

class LiveExercise extends HTMLElement {
  connectedCallback() {
    if (this.built) return;
    this.built = true;
    this.plain = this.querySelector(".lb-live__starter");
    this.starter = codeOf(this.plain);
    const problem = whyNot();
    if (problem) {
      this.querySelector(".lb-live__examples")?.remove();
      this.plain.after(el("p", {class: "lb-live__unable"}, problem));
      return;
    }
    this.key = `lossbook:live:${this.dataset.name}`;
    this.code = storage.read(this.key) ?? this.starter;
    if (this.code !== this.starter) this.plain.querySelector("pre").textContent = this.code;
    storage.follow(this.key, (code) => this.take(code ?? this.starter));
    this.build();
    this.watch();
  }

  build() {
    this.nameBox();
    this.hints = [...this.querySelectorAll(".lb-live__hint")];
    this.examples = [...this.querySelectorAll(".lb-live__example")];
    this.solution = this.querySelector(".lb-live__solution");
    for (const box of [...this.hints, ...this.examples, this.solution]) if (box) box.hidden = true;
    this.runButton = el("button", {type: "button", class: "lb-live__run", "aria-keyshortcuts": `${onMac ? "Meta" : "Control"}+Enter`},
      el("span", {}, "Run"), el("kbd", {"aria-hidden": "true"}, onMac ? "⌘ ↵" : "Ctrl ↵"));
    this.resetButton = el("button", {type: "button"}, "Reset");
    this.hintButton = el("button", {type: "button", hidden: !this.hints.length});
    this.solutionButton = el("button", {type: "button", hidden: true}, "Show solution");
    this.nameHintButton();
    this.status = el("p", {class: "lb-live__status", role: "status"});
    this.progress = el("progress", {max: 1, value: 0, "aria-label": "Loading Python"});
    this.amount = el("span", {"aria-hidden": "true"});
    this.loadingBar = el("div", {class: "lb-live__loading", hidden: true}, this.progress, this.amount);
    this.body = el("div", {class: "lb-live__body"});
    // Never hidden as a whole: screen readers only speak of changes in what was there before.
    this.result = el("div", {class: "lb-live__result", role: "group", "aria-label": `Result of ${this.dataset.name}`},
      this.status, this.loadingBar, this.body);
    this.hintList = el("div", {class: "lb-live__hints", "aria-live": "polite"});
    const keys = el("p", {class: "lb-live__keys", "aria-hidden": "true"}, "Tab indents; Esc, then Tab, leaves");
    const bar = el("div", {class: "lb-live__bar"}, this.runButton, this.resetButton, this.hintButton,
      this.solutionButton, keys);
    this.plain.after(bar, this.hintList, this.result);
    this.useExampleBar();
    this.runButton.addEventListener("click", () => this.running ? this.control.abort() : this.run());
    this.resetButton.addEventListener("click", () => this.reset());
    this.hintButton.addEventListener("click", () => this.showHint());
    this.solutionButton.addEventListener("click", () => this.showSolution());
  }

  // The box's title is its name: there are several Run buttons on a page.
  nameBox() {
    const title = this.querySelector(".lb-live__title");
    title.id ||= `live-${this.dataset.name}`;
    this.setAttribute("role", "group");
    this.setAttribute("aria-labelledby", title.id);
  }

  // The page brings a button for each example, the first for what the box starts with.
  useExampleBar() {
    const codes = [this.starter, ...this.examples.map(codeOf)];
    this.querySelectorAll(".lb-live__examples button").forEach((button, i) => button.addEventListener("click", () =>
      this.put(codes[i], `The example “${button.textContent}” is in the editor: press Run.`)));
  }

  // The editor is fetched when the box comes near the screen. It starts with the first sign of a reader, or as soon
  // as somebody wants it.
  watch() {
    this.plain.addEventListener("click", () => this.loadEditor(true));
    const near = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      near.disconnect();
      document.head.append(el("link", {rel: "modulepreload", href: asset("editor.js"), fetchpriority: "low"}));
      reader.then(() => this.loadEditor());
    }, {rootMargin: "300px"});
    near.observe(this);
  }

  async loadEditor(focus = false) {
    this.loading ??= this.openEditor();
    await this.loading;
    if (focus) this.editor?.focus();
  }

  async openEditor() {
    this.tries = (this.tries ?? 0) + 1;
    this.unable?.remove();
    let edit;
    try {
      // a browser may remember that a module did not come: another address is asked anew
      ({edit} = await import(asset("editor.js") + (this.tries > 1 ? `&try=${this.tries}` : "")));
    } catch {
      this.unable = el("p", {class: "lb-live__unable", role: "status"},
        "The editor could not be loaded. Check the connection, then click on the code to try again.");
      this.plain.after(this.unable);
      this.loading = null;
      return;
    }
    const holder = el("div", {class: "lb-live__editor"});
    this.editor = edit(holder, {
      code: this.code,
      label: `Code of ${this.dataset.name}. Tab indents; press Escape, then Tab, to leave the editor. `
        + `${control} and Enter runs it.`,
      onRun: () => this.running || this.run(),
      onChange: (code) => this.keep(code),
    });
    this.plain.replaceWith(holder);
    this.dataset.editor = "ready";
  }

  keep(code) {
    this.code = code;
    const kept = code === this.starter ? storage.remove(this.key) : storage.write(this.key, code);
    if (!kept) this.warnOfLoss();
  }

  warnOfLoss() {
    this.loss ??= el("p", {class: "lb-live__unable"},
      "This browser stores nothing for this page: copy your code before you leave it.");
    if (!this.loss.isConnected) this.hintList.after(this.loss);
  }

  // Code from elsewhere, e.g. another tab: undo brings back what stood here.
  take(code) {
    if (code === this.code) return;
    if (this.editor) this.editor.write(code);
    else this.plain.querySelector("pre").textContent = code;
    this.keep(code);
  }

  async put(code, sentence) {
    if (this.running) {
      this.control.abort();
      await this.running;
    }
    await this.loadEditor();
    const isNew = code !== this.code;
    this.take(code);
    this.body.replaceChildren();
    this.say(isNew ? `${sentence} ${control}+Z in the editor brings back what stood there.` : sentence, "done");
  }

  async reset() {
    await this.put(this.starter, "Back at the starting point.");
    this.editor?.focus();
  }

  say(sentence, state) {
    this.result.dataset.state = state;
    this.status.textContent = sentence;
  }

  async cases(signal) {
    if (this.dataset.kind === "playground") return null;
    if (this.fetched) return this.fetched;
    const response = await fetch(asset(`${this.dataset.name}.json`), {signal});
    if (!response.ok) throw new Error(`the server answers with ${response.status}`);
    return (this.fetched = await response.text());
  }

  run() {
    this.control = new AbortController();
    this.setRunning(this.runCode(this.control.signal));
  }

  async runCode(signal) {
    this.body.style.minHeight = `${this.body.offsetHeight}px`; // what stands below stays where it is
    this.body.replaceChildren();
    this.say("Waiting for Python …", "busy");
    thePython().prepare();
    let result;
    try {
      const data = await this.cases(signal);
      result = await thePython().run(this.code, data, SECONDS[this.dataset.kind], {
        onState: (state, progress) => this.showState(state, progress),
        onOutput: (text) => this.print(text),
        onPlot: (plot) => this.body.append(draw(plot, this.body.clientWidth)),
      }, signal);
    } catch (error) {
      const sentence = signal.aborted ? "Stopped."
        : `The cases could not be loaded (${error.message}). Check the connection, then press Run again.`;
      result = {stopped: true, warnings: [], summary: sentence};
    }
    this.setRunning(null);
    this.finish(result);
    this.body.style.minHeight = "";
  }

  showState(state, progress) {
    this.loadingBar.hidden = state === "running";
    if (progress) {
      this.progress.value = progress.loaded / progress.total;
      this.amount.textContent = `${megabytes(progress.loaded)} of ${megabytes(progress.total)} MB`;
    }
    const sentence = {
      loading: "Loading Python and NumPy, once for this page …",
      starting: "Starting Python …",
      running: "Running …",
    }[state];
    if (this.status.textContent !== sentence) this.say(sentence, "busy");
  }

  print(text) {
    let printed = this.body.lastElementChild;
    if (!printed?.matches(".lb-live__printed")) {
      printed = el("pre", {class: "lb-live__printed", tabindex: 0, role: "group", "aria-label": "Printed output"});
      this.body.append(printed);
    }
    printed.append(text);
  }

  finish(result) {
    this.loadingBar.hidden = true;
    this.say(result.summary || (this.body.childElementCount ? "Done." : "Done. Nothing was printed."), report.state(result));
    if (result.see) this.status.append(" ", el("a", {href: root + result.see}, "Read about it"));
    if (result.error) {
      this.body.append(report.error(result.error));
      this.editor?.mark(result.error.line);
    }
    // What to know first comes first; what was printed stands below the table.
    this.body.prepend(report.table(result, this.dataset.name) ?? "");
    this.body.append(report.warnings(result.warnings) ?? "");
    if (!result.stopped && !result.unwritten) this.offerSolution();
  }

  setRunning(running) {
    this.running = running;
    this.runButton.firstElementChild.textContent = running ? "Stop" : "Run";
    this.runButton.classList.toggle("lb-live__stop", Boolean(running));
  }

  nameHintButton() {
    const shown = this.hints.filter((hint) => hint.dataset.shown).length;
    this.hintButton.textContent = `Hint ${shown + 1} of ${this.hints.length}`;
    this.hintButton.hidden = shown === this.hints.length;
  }

  showHint() {
    const hint = this.hints.find((box) => !box.dataset.shown);
    hint.dataset.shown = "yes";
    const number = this.hints.indexOf(hint) + 1;
    const text = hint.querySelector(".lb-folded__content").cloneNode(true);
    this.hintList.append(el("div", {class: "lb-live__shown-hint"}, el("strong", {}, `Hint ${number}`), text));
    this.nameHintButton();
    if (!this.hintButton.hidden) return;
    this.offerSolution();
    this.solutionButton.focus();
  }

  // After a try, or when there is no hint left.
  offerSolution() {
    if (this.solution) this.solutionButton.hidden = !this.solution.hidden;
  }

  showSolution() {
    this.solution.hidden = false;
    this.solution.open = true;
    this.solutionButton.hidden = true;
    this.solution.querySelector("summary").focus();
  }
}

customElements.define("live-exercise", LiveExercise);
