// Snippets under search results: each formula once (pages hold it as HTML and as MathML), no labels of figures.
{
  const toText = Search.htmlToText;
  Search.htmlToText = (html, anchor) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    page.querySelectorAll(".katex-mathml, svg, script, style").forEach((element) => element.remove());
    return toText(page.documentElement.outerHTML, anchor);
  };
}
