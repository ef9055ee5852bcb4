// What a page does beyond HTML: the theme, the chapter menu, the search key, and scrolling by keyboard.
(() => {
  const root = document.documentElement;
  // This script comes after the first paint: the page may have loaded before, or not.
  const onceLoaded = (callback) =>
    document.readyState === "complete" ? callback() : addEventListener("load", callback);
  const system = matchMedia("(prefers-color-scheme: dark)");

  const remember = (mode) => {
    root.dataset.mode = mode;
    try { localStorage.setItem("mode", mode); } catch { /* storage is forbidden: the choice ends with the page */ }
  };
  const paint = () => {
    const {mode} = root.dataset;
    root.dataset.theme = mode === "auto" ? (system.matches ? "dark" : "light") : mode;
  };
  system.addEventListener("change", paint);
  document.querySelector(".lb-theme-button").addEventListener("click", () => {
    const theme = root.dataset.theme === "dark" ? "light" : "dark";
    // Back at what the system says: follow the system again.
    remember((theme === "dark") === system.matches ? "auto" : theme);
    paint();
  });

  const menu = document.querySelector(".lb-menu-button");
  const openMenu = (open) => {
    menu.setAttribute("aria-expanded", open);
    document.body.classList.toggle("lb-menu-open", open);
    if (open) (document.querySelector(".lb-nav [aria-current]") ?? document.querySelector(".lb-nav a")).focus();
  };
  menu.addEventListener("click", () => openMenu(menu.getAttribute("aria-expanded") !== "true"));
  document.querySelector(".lb-nav .current > a")?.setAttribute("aria-current", "page");

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "Escape" && document.body.classList.contains("lb-menu-open")) {
      openMenu(false);
      menu.focus();
    } else if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      document.getElementById("lb-search-field").focus();
    }
  });

  // Copy code, without prompts and without what they printed.
  const COPY = '<path d="M9 9h10v10H9zM5 15V5h10"/>';
  const COPIED = '<path d="m5 12 5 5 9-10"/>';
  const icon = (path) => `<svg viewBox="0 0 24 24" fill="none" stroke-width="1.6" stroke-linejoin="round" aria-hidden="true">${path}</svg>`;
  const textOf = (code) => {
    const copy = code.cloneNode(true);
    copy.querySelectorAll(".linenos, .gp, .go").forEach((part) => part.remove());
    return copy.textContent.trim();
  };
  const addCopyButton = (code) => {
    // Browsers give a clipboard to pages with a secure origin only.
    if (!navigator.clipboard || !code.matches("div.highlight pre:not(:has(~ .copybtn))")) return;
    const button = document.createElement("button");
    Object.assign(button, {type: "button", className: "copybtn", title: "Copy", innerHTML: icon(COPY)});
    button.setAttribute("aria-label", "Copy");
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(textOf(code));
      button.classList.add("success");
      button.innerHTML = icon(COPIED);
      setTimeout(() => { button.classList.remove("success"); button.innerHTML = icon(COPY); }, 1500);
    });
    code.after(button);
  };

  // A box that scrolls sideways must be reachable by keyboard; one that does not must not be a stop.
  const boxes = document.querySelectorAll(
    ".highlight pre, .lb-scroll, .pst-scrollable-table-container, .cell_output .output, .katex-display");
  const mark = (box) => {
    const scrolls = box.scrollWidth > box.clientWidth + 1;
    if (scrolls) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  };
  // What is far from the screen is not laid out yet: it is looked at when it is, or when somebody uses the Tab key.
  const isDrawn = (element) => element.checkVisibility?.({contentVisibilityAuto: true}) ?? true;
  const observer = new ResizeObserver((entries) => entries.forEach(({target}) => {
    mark(target);
    addCopyButton(target);
  }));
  boxes.forEach((box) => observer.observe(box));
  addEventListener("keydown", ({key}) => key === "Tab" && boxes.forEach(mark), {passive: true});
  // A font that arrives late changes what is in a box, and not the box.
  const markDrawn = () => [...boxes].filter(isDrawn).forEach(mark);
  document.fonts.ready.then(markDrawn);
  onceLoaded(markDrawn);

  // What is far below the screen is laid out when nothing else is to do, a little at a time. From then on the scroll
  // bar is exact, and a picture of the whole page shows all of it.
  const MILLISECONDS = 4;  // at a time: a phone, slower by a factor of four, still answers a touch at once
  const whenIdle = window.requestIdleCallback ?? ((callback) => setTimeout(callback, 30));
  const layOut = (blocks) => whenIdle(() => {
    const end = performance.now() + MILLISECONDS;
    while (blocks.length && performance.now() < end) {
      const block = blocks.shift();
      block.style.contentVisibility = "visible";
      block.getBoundingClientRect();
    }
    if (blocks.length) layOut(blocks);
    else root.dataset.whole = "";
  });
  addEventListener("lb-complete", () => {
    layOut([...document.querySelectorAll("article > section section, article > section section > *, dl.glossary > dd")]);
  });
  // Where a link leads is known once all before it is laid out.
  addEventListener("hashchange", () => {
    if ("whole" in root.dataset) return;
    root.dataset.whole = "";
    document.querySelector(":target")?.scrollIntoView();
  });

  // The section that is being read, in the list at the side.
  const links = new Map([...document.querySelectorAll(".lb-toc a[href^='#']")].map((a) => [a.hash.slice(1), a]));
  const headings = [...links.keys()].map((id) => document.getElementById(decodeURIComponent(id))).filter(Boolean);
  const follow = () => {
    const passed = headings.filter((heading) => isDrawn(heading) && heading.getBoundingClientRect().top < 130);
    const current = links.get((passed.at(-1) ?? headings[0])?.id);
    links.forEach((link) => link.classList.toggle("lb-here", link === current));
  };
  if (headings.length) {
    addEventListener("scroll", () => requestAnimationFrame(follow), {passive: true});
    follow();
  }

  document.querySelectorAll(".lb-print").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => print());
  });

  // Paper is light, and nothing stays hidden on it but the code that draws figures.
  addEventListener("beforeprint", () => {
    root.dataset.theme = "light";
    document.querySelectorAll("details:not(.hide)").forEach((box) => { box.open = true; });
  });
  addEventListener("afterprint", paint);
})();
