// A result as HTML: aspect by aspect, with the first case that fails.
import {el} from "./html.js";

// What the box looks like: failed, right, wrong, or done for what is not checked.
export const state = (result) => {
  if (result.stopped || result.failed || result.error) return "failed";
  if (!result.aspects) return "done";
  return result.passed ? "right" : "wrong";
};

const mark = (right) => el("span", {class: right ? "lb-live__ok" : "lb-live__no"}, right ? "✓ right" : "✗ wrong");

const details = (failure) => {
  const lines = [
    ["called", el("span", {}, el("code", {}, failure.call), failure.note && ` (${failure.note})`)],
    ["problem", failure.problem],
    ["yours", failure.yours && el("code", {}, failure.yours)],
    [failure.label, failure.right && el("code", {}, failure.right)],
  ];
  return el("dl", {}, ...lines.filter(([, text]) => text).flatMap(
    ([name, text]) => [el("dt", {}, name), el("dd", {}, text)]));
};

export const table = (result, name) => {
  if (!result.aspects) return null;
  const rows = result.aspects.flatMap((aspect) => {
    const row = el("tr", {},
      el("th", {scope: "row"}, aspect.name),
      el("td", {}, mark(!aspect.failure)),
      el("td", {class: "lb-live__count"}, `${aspect.right} of ${aspect.cases}`));
    const more = aspect.failure && !result.unwritten
      && el("tr", {class: "lb-live__details"}, el("td", {colspan: 3}, details(aspect.failure)));
    return more ? [row, more] : [row];
  });
  const head = el("tr", {}, ...["aspect", "result", "cases right"].map((title) => el("th", {scope: "col"}, title)));
  return el("table", {}, el("caption", {class: "lb-hidden"}, `Result for ${name}, by aspect`),
    el("thead", {}, head), el("tbody", {}, ...rows));
};

export const error = ({text}) => el("pre", {class: "lb-live__error", tabindex: 0, role: "group",
  "aria-label": "Error message"}, text);

export const warnings = (sentences) => sentences.length === 0 ? null
  : el("ul", {class: "lb-live__warnings"}, ...sentences.map((sentence) => el("li", {}, `Python warns: ${sentence}`)));
