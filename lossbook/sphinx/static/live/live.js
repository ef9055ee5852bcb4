// <live-exercise>: a box of the book that becomes an editor with a Run button. Without this script it is plain text.
import {el} from "./html.js";
import {draw} from "./plot.js";
import {Python, whyNot} from "./python.js";
import * as report from "./report.js";

const here = document.currentScript.src;
const asset = (name) => new URL(`${name}?v=${VERSION}`, here).href;
const root = document.documentElement.dataset.content_root ?? "./";
const onMac = /Mac|iPhone|iPad/.test(navigator.platform);
const megabytes = (bytes) => (bytes / 1e6).toFixed(1);

const SECONDS = {exercise: 6, playground: 20};

let python = null;
const thePython = () => (python ??= new Python(asset("worker.js")));

// A reader's code stays in this browser. Where storage is forbidden it ends with the page.
const storage = {
  read(key) {
    try { return localStorage.getItem(key); } catch { return null; }
  },
  write(key, text) {
    try { localStorage.setItem(key, text); } catch { /* nothing to be done */ }
  },
  remove(key) {
    try { localStorage.removeItem(key); } catch { /* nothing to be done */ }
  },
};

class LiveExercise extends HTMLElement {
  connectedCallback() {
    if (this.built) return;
    this.built = true;
    this.plain = this.querySelector(".lb-live__starter");
    this.starter = this.plain.querySelector("pre").textContent.trimEnd();
    this.key = `lossbook:live:${this.dataset.name}`;
    this.code = storage.read(this.key) ?? this.starter;
    const problem = whyNot();
    if (problem) {
      this.plain.after(el("p", {class: "lb-live__unable"}, problem));
      return;
    }
    this.build();
    this.watch();
  }

  build() {
    const name = this.dataset.name;
    this.hints = [...this.querySelectorAll(".lb-live__hint")];
    this.solution = this.querySelector(".lb-live__solution");
    for (const box of [...this.hints, this.solution]) if (box) box.hidden = true;
    this.runButton = el("button", {type: "button", class: "lb-live__run"},
      el("span", {}, "Run"), el("kbd", {"aria-hidden": "true"}, onMac ? "⌘ ↵" : "Ctrl ↵"));
    this.resetButton = el("button", {type: "button"}, "Reset");
    this.hintButton = el("button", {type: "button", hidden: !this.hints.length});
    this.solutionButton = el("button", {type: "button", hidden: true}, "Show solution");
    this.nameHintButton();
    this.status = el("p", {class: "lb-live__status", role: "status"});
    this.progress = el("progress", {max: 1, value: 0, hidden: true, "aria-label": "Loading Python"});
    this.body = el("div", {class: "lb-live__body"});
    this.result = el("div", {class: "lb-live__result", role: "group", "aria-label": `Result of ${name}`},
      this.status, this.progress, this.body);
    this.result.hidden = true;
    this.hintList = el("div", {class: "lb-live__hints", "aria-live": "polite"});
    const bar = el("div", {class: "lb-live__bar"}, this.runButton, this.resetButton, this.hintButton,
      this.solutionButton);
    this.plain.after(bar, this.hintList, this.result);
    this.runButton.addEventListener("click", () => this.running ? this.control.abort() : this.run());
    this.resetButton.addEventListener("click", () => this.reset());
    this.hintButton.addEventListener("click", () => this.showHint());
    this.solutionButton.addEventListener("click", () => this.showSolution());
  }

  // The editor is loaded when the box comes near the screen, or as soon as somebody wants it.
  watch() {
    this.plain.addEventListener("click", () => this.loadEditor(true), {once: true});
    const near = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      near.disconnect();
      this.loadEditor();
    }, {rootMargin: "300px"});
    near.observe(this);
  }

  async loadEditor(focus = false) {
    this.loading ??= import(asset("editor.js")).then(({edit}) => {
      const holder = el("div", {class: "lb-live__editor"});
      this.editor = edit(holder, {
        code: this.code,
        label: `Code of ${this.dataset.name}. Tab indents; press Escape, then Tab, to leave the editor. `
          + `${onMac ? "Command" : "Control"} and Enter runs it.`,
        onRun: () => this.running || this.run(),
        onChange: (code) => this.keep(code),
      });
      this.plain.replaceWith(holder);
      this.dataset.editor = "ready";
    });
    await this.loading;
    if (focus) this.editor.focus();
  }

  keep(code) {
    this.code = code;
    if (code === this.starter) storage.remove(this.key);
    else storage.write(this.key, code);
  }

  say(sentence, state) {
    this.result.hidden = false;
    this.result.dataset.state = state;
    this.status.textContent = sentence;
  }

  async cases() {
    if (this.dataset.kind === "playground") return null;
    this.fetched ??= fetch(asset(`${this.dataset.name}.json`)).then((response) => {
      if (!response.ok) throw new Error(`status ${response.status}`);
      return response.text();
    });
    return this.fetched.catch((error) => {
      this.fetched = null; // the next Run tries again
      throw error;
    });
  }

  async run() {
    this.setRunning(true);
    this.body.replaceChildren();
    this.editor?.mark(null);
    this.say("Waiting for Python …", "busy");
    this.control = new AbortController();
    thePython().prepare();
    let data = null;
    try {
      data = await this.cases();
    } catch (error) {
      this.finish({stopped: true, warnings: [],
        summary: `The cases could not be loaded (${error.message}). Check the connection, then press Run again.`});
      return;
    }
    this.finish(await thePython().run(this.code, data, SECONDS[this.dataset.kind], {
      onState: (state, progress) => this.showState(state, progress),
      onOutput: (text) => this.print(text),
      onPlot: (plot) => this.body.append(draw(plot, this.body.clientWidth)),
    }, this.control.signal));
  }

  showState(state, progress) {
    this.progress.hidden = state === "running";
    if (progress) this.progress.value = progress.loaded / progress.total;
    const size = progress ? ` (${megabytes(progress.total)} MB)` : "";
    const sentence = {
      loading: `Loading Python and NumPy${size}: once for this page …`,
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
    this.setRunning(false);
    this.progress.hidden = true;
    const state = result.stopped || result.error ? "failed" : result.aspects ? (result.passed ? "right" : "wrong") : "done";
    this.say(result.summary || (this.body.childElementCount ? "Done." : "Done. Nothing was printed."), state);
    if (result.see) this.status.append(" ", this.link(result.see));
    if (result.error) {
      this.body.append(report.error(result.error));
      this.editor?.mark(result.error.line);
    }
    // What to know first comes first; what was printed stands below the table.
    this.body.prepend(report.table(result, this.dataset.name) ?? "");
    this.body.append(report.warnings(result.warnings) ?? "");
    if (this.solution && !result.stopped) this.solutionButton.hidden = this.solution.open && !this.solution.hidden;
  }

  link(place) {
    return el("a", {href: root + place}, "Read about it");
  }

  setRunning(running) {
    this.running = running;
    this.runButton.firstElementChild.textContent = running ? "Stop" : "Run";
    this.runButton.classList.toggle("lb-live__stop", running);
  }

  reset() {
    if (this.editor) this.editor.write(this.starter);
    this.keep(this.starter);
    this.body.replaceChildren();
    this.say(`Back at the starting point. ${onMac ? "Command" : "Control"}+Z in the editor brings your code back.`, "done");
    this.editor?.focus();
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
    if (this.hintButton.hidden) this.runButton.focus();
  }

  showSolution() {
    this.solution.hidden = false;
    this.solution.open = true;
    this.solutionButton.hidden = true;
    this.solution.querySelector("summary").focus();
  }
}

customElements.define("live-exercise", LiveExercise);
