// The editor: CodeMirror with Python's colours and indentation. Fetched when an exercise comes near the screen.
import {defaultKeymap, history, historyKeymap, indentWithTab, isolateHistory} from "@codemirror/commands";
import {pythonLanguage} from "@codemirror/lang-python";
import {bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting} from "@codemirror/language";
import {EditorState, StateEffect, StateField} from "@codemirror/state";
import {Decoration, drawSelection, EditorView, keymap, lineNumbers} from "@codemirror/view";
import {tags} from "@lezer/highlight";

const colours = HighlightStyle.define([
  {tag: [tags.keyword, tags.operatorKeyword, tags.bool, tags.null], class: "lb-live__keyword"},
  {tag: tags.string, class: "lb-live__string"},
  {tag: tags.number, class: "lb-live__number"},
  {tag: tags.comment, class: "lb-live__comment"},
  {tag: tags.function(tags.definition(tags.variableName)), class: "lb-live__name"},
]);

const markLine = StateEffect.define();
const marked = StateField.define({
  create: () => Decoration.none,
  update(marks, transaction) {
    for (const effect of transaction.effects) {
      if (!effect.is(markLine)) continue;
      const {doc} = transaction.state;
      if (!effect.value || effect.value > doc.lines) return Decoration.none;
      return Decoration.set(Decoration.line({class: "lb-live__wrong-line"}).range(doc.line(effect.value).from));
    }
    return transaction.docChanged ? Decoration.none : marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

// A caret that blinks is motion.
const blink = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 1200;

// What is copied from pages and other editors has spaces that Python does not take, or tabs that it does not mix.
const cleaned = (text) => text.replaceAll("\u00a0", " ").replaceAll("\t", "    ");

// Returns read(), write(code), mark(line or null) and focus().
export const edit = (parent, {code, label, onRun, onChange}) => {
  const run = () => {
    onRun();
    return true;
  };
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: code,
      extensions: [
        lineNumbers(), history(), drawSelection({cursorBlinkRate: blink}), indentOnInput(), bracketMatching(), indentUnit.of("    "),
        pythonLanguage, syntaxHighlighting(colours), marked,
        // Before the default keys: there Mod-Enter inserts a line. Escape, then Tab, leaves: CodeMirror sees to it.
        keymap.of([{key: "Mod-Enter", run}, indentWithTab, ...defaultKeymap, ...historyKeymap]),
        EditorView.clipboardInputFilter.of(cleaned),
        EditorView.contentAttributes.of({"aria-label": label, tabindex: "0", autocapitalize: "off", spellcheck: "false"}),
        EditorView.updateListener.of((update) => update.docChanged && onChange(update.state.doc.toString())),
      ],
    }),
  });
  return {
    read: () => view.state.doc.toString(),
    // On its own in the history, so that one undo brings back what stood there.
    write: (text) => view.dispatch({
      changes: {from: 0, to: view.state.doc.length, insert: text}, annotations: isolateHistory.of("full")}),
    mark: (line) => view.dispatch({effects: markLine.of(line)}),
    focus: () => view.focus(),
  };
};
