// Run by lossbook.sphinx.pdf in the first page of the built book: puts all chapters on that page, behind a contents
// page, in the order of the menu. Ids get the name of their page, and links inside the book lead to them.
// Takes the ids of the chapters to put there, none for all, and returns the ids of those that are there.
async (wanted) => {
  const REFERRING = ["for", "aria-labelledby", "aria-describedby", "aria-controls"];
  const make = (tag, className, ...children) => {
    const element = document.createElement(tag);
    element.className = className;
    element.append(...children);
    return element;
  };
  const bare = (address) => address.split(/[?#]/)[0];

  const home = bare(document.querySelector(".lb-brand").href);
  const root = home.replace(/[^/]*$/, "");
  const nameOf = (address) => bare(address).replace(root, "").replace(/\.html$/, "").replaceAll("/", "-");

  const isWanted = (address) => !wanted.length || wanted.includes(nameOf(address));
  const listed = [{part: "", address: home, title: ""}];
  let part = "";
  for (const entry of document.querySelectorAll(".lb-nav .caption, .lb-nav a")) {
    if (entry.matches(".caption")) part = entry.textContent.trim();
    else if (part && isWanted(entry.href)) listed.push({part, address: entry.href, title: entry.textContent.trim()});
  }
  const names = new Map(listed.map(({address}) => [bare(address), nameOf(address)]));

  const pages = await Promise.all(listed.map(async ({address}) =>
    new DOMParser().parseFromString(await (await fetch(address)).text(), "text/html")));

  const chapters = pages.map((page, place) => {
    const {address} = listed[place];
    const article = page.querySelector("article");
    const prefix = `${nameOf(address)}--`;
    const ids = new Set([...article.querySelectorAll("[id]:not(svg *)")].map((element) => {
      const {id} = element;
      element.id = prefix + id;
      return id;
    }));
    for (const name of REFERRING) {
      for (const element of article.querySelectorAll(`[${name}]:not(svg *)`)) {
        const words = element.getAttribute(name).split(" ");
        element.setAttribute(name, words.map((id) => (ids.has(id) ? prefix + id : id)).join(" "));
      }
    }
    article.querySelectorAll("a[href]").forEach((link) => {
      const {href, origin, hash} = new URL(link.getAttribute("href"), address);
      const name = names.get(bare(href));
      if (name) link.setAttribute("href", `#${name}${hash && `--${decodeURIComponent(hash.slice(1))}`}`);
      else if (origin === location.origin) link.removeAttribute("href");
      else link.href = href;
    });
    article.querySelectorAll("img[src]").forEach((image) => {
      image.src = new URL(image.getAttribute("src"), address).href;
    });
    article.querySelectorAll(".viewcode-link, .lb-print, .headerlink").forEach((element) => element.remove());
    const chapter = make("section", "lb-chapter", ...article.childNodes);
    chapter.id = nameOf(address);
    return chapter;
  });

  const loading = [];
  // Styles, and the scripts of labs, that the first page does not have. Exercises stay as they are without a script.
  pages.forEach((page, place) => {
    const {address} = listed[place];
    for (const style of page.querySelectorAll("head > style")) {
      const absolute = (_, path) => `url(${new URL(path, address).href})`;
      document.head.append(make("style", "", style.textContent.replace(/url\(([\w./-]+)\)/g, absolute)));
    }
    const {sheets, scripts} = JSON.parse(page.getElementById("lb-rest").textContent);
    const append = (element, name, path) => {
      const whole = new URL(path, address).href;
      if (document.head.querySelector(`[${name}="${whole}"]`)) return [];
      const loaded = new Promise((done) => { element.onload = element.onerror = done; });
      document.head.append(Object.assign(element, {[name]: whole}));
      return [loaded];
    };
    sheets.forEach(({href}) => loading.push(...append(Object.assign(make("link", ""), {rel: "stylesheet"}), "href", href)));
    scripts.filter(({type}) => type === "module")
      .forEach(({type, src}) => loading.push(...append(Object.assign(make("script", ""), {type}), "src", src)));
  });

  const [cover, ...rest] = chapters;
  cover.classList.add("lb-cover");
  // The cards name the chapters, as the contents do.
  cover.querySelectorAll(".lb-start").forEach((link) => link.remove());
  cover.querySelector(".sd-card")?.closest("section").remove();
  const versions = make("p", "lb-cover__versions", document.querySelector(".lb-footer p").textContent);
  cover.querySelector(":scope > section > section").before(versions);

  const contents = make("nav", "lb-contents", make("h1", "", "Contents"));
  let shown = "";
  listed.slice(1).forEach(({part: name, address, title}) => {
    if (name !== shown) contents.append(make("p", "lb-contents__part", name));
    shown = name;
    const link = make("a", "", make("span", "", title), make("i", ""), make("b", "lb-contents__page", ""));
    link.href = `#${nameOf(address)}`;
    contents.append(link);
  });

  document.querySelector("article").replaceChildren(cover, contents, ...rest);
  document.querySelectorAll("article a[href^='#']").forEach((link) => {
    if (!document.getElementById(link.getAttribute("href").slice(1))) link.removeAttribute("href");
  });
  document.body.classList.remove("lb-landing");
  await Promise.all(loading);
  await document.fonts.ready;
  return rest.map((chapter) => chapter.id);
}
