// The search page: ranks the sections of the book (search-data.js) by the words that were typed or pasted.
// Rare words count more than frequent ones, titles more than text, words in the order of the question more than
// words far apart. No word has to be there: a pasted error message holds sizes and names that no book knows.
(() => {
  const SMALL_WORDS = new Set(
    ("a an and any are as at be been but by can could did do does for from get got had has have how i if in into is it its " +
     "may me my of on or our shall should so than that the their them then there they this to too use was we were what when " +
     "which who why will with would you your " +
     "error runtimeerror valueerror typeerror indexerror attributeerror traceback most recent call last torch size").split(" "));
  const ALIKE = {
    vs: ["against"], versus: ["against"], difference: ["against"], compare: ["against"],
    imbalanc: ["rare"], unbalanc: ["rare"], skew: ["rare"], balanc: ["rare"],
    crossentropy: ["crossentropyloss"], bce: ["bceloss", "binary"], ce: ["crossentropyloss"],
    kl: ["kullback"], nll: ["nllloss"], celoss: ["crossentropyloss"], stuck: ["floor"], plateau: ["floor"],
    unstabl: ["break"], stability: ["break"], pytorch: ["torch"], optimis: ["optimiz"],
  };
  /** Places that repeat what others explain. */
  const LESS = {
    "Where to read more": 0.4, "Check yourself": 0.6, "Now write it yourself": 0.5, Summary: 0.7,
    "bibliography.html": 0.5, "reference/versions.html": 0.4, "reference/notation.html": 0.6,
    "reference/api.html": 0.6, "reference/common-mistakes.html": 0.5, "teaching/run-a-class.html": 0.7,
  };
  const SHOWN = 20;
  const OF_ONE_PAGE = 4;

  const words = (text) => text.match(/\d+\.\d+|[\p{L}\p{N}_]+/gu) ?? [];

  /** Without the endings of plurals and verbs, so that "weights" and "weighted" find "weight". */
  function stem(word) {
    if (word.length < 5 || /[\d_]/.test(word)) return word;
    const bare = word.replace(/(?:ies)$/, "y").replace(/(ss|sh|ch|x)es$/, "$1").replace(/([^su])s$/, "$1");
    const root = bare.replace(/(?:ing|ed)$/, "");
    const found = root.length > 3 && /[aeiouy]/.test(root) ? root : bare;
    return found.length > 4 ? found.replace(/e$/, "") : found;
  }

  /** "CrossEntropyLoss" and "pos_weight" are also found by their parts. */
  function partsOf(word) {
    const parts = word.split(/_|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/).filter(Boolean);
    return parts.length > 1 ? parts.map((part) => stem(part.toLowerCase())) : [];
  }

  const whole = (text) => words(text).map((word) => stem(word.toLowerCase()));
  const withParts = (text) => words(text).flatMap((word) => [stem(word.toLowerCase()), ...partsOf(word)]);

  function count(text) {
    const counts = new Map();
    const all = withParts(text);
    all.forEach((word) => counts.set(word, (counts.get(word) ?? 0) + 1));
    return {counts, length: all.length};
  }

  function together(entries) {
    const counts = new Map();
    entries.forEach((entry) => entry.counts.forEach((n, word) => counts.set(word, (counts.get(word) ?? 0) + n)));
    return {counts, length: entries.reduce((sum, entry) => sum + entry.length, 0)};
  }

  /** One entry for each section, term, function and question of the book. The first of a page knows the whole page. */
  function read({page, title: pageTitle, places}) {
    const entries = places.map(([anchor, title, text, code]) => ({
      page, anchor, title, pageTitle, text, ...count(`${title} ${text} ${code}`),
      inTitle: new Set(withParts(title)), inPageTitle: new Set(withParts(pageTitle)),
      said: ` ${whole(text).join(" ")} `, titleSaid: ` ${whole(title).join(" ")} `,
      topics: new Set(title.split(/[,:]/).map((part) => topic(words(part)))),
      worth: (LESS[title] ?? 1) * (LESS[page] ?? 1),
    }));
    entries[0].wholePage = together(entries);
    return entries;
  }

  // Filled once somebody searches: the words of the whole book take a phone a second.
  let entries = [];
  let meanLength = 0;
  const spread = new Map();
  const source = document.currentScript.src.replace(/search\.js.*$/, "search-data.js");
  let prepared;

  const load = () => new Promise((done, failed) => {
    const script = document.createElement("script");
    document.head.append(Object.assign(script, {src: source, onload: done, onerror: failed}));
  });

  function prepare() {
    prepared ??= load().then(() => {
      entries = lossbookPages.flatMap(read);
      meanLength = entries.reduce((sum, entry) => sum + entry.length, 0) / entries.length;
      entries.forEach((entry) => entry.counts.forEach((_, word) => spread.set(word, (spread.get(word) ?? 0) + 1)));
      return true;
    }, () => {
      prepared = undefined;
      return false;
    });
    return prepared;
  }

  const rarity = (word) => Math.log(1 + entries.length / ((spread.get(word) ?? 0) + 0.5));

  /** One letter too many, too few, or another one; two letters in the other order. */
  function isSlip(typed, known) {
    if (typed[0] !== known[0] || Math.abs(typed.length - known.length) > 1) return false;
    let i = 0;
    while (typed[i] === known[i]) i += 1;
    const [rest, knownRest] = [typed.slice(i), known.slice(i)];
    const swapped = rest[1] + rest[0] + rest.slice(2);
    return [rest.slice(1) === knownRest.slice(1), rest.slice(1) === knownRest, rest === knownRest.slice(1),
            swapped === knownRest].some(Boolean);
  }

  /** What a word of the question may be called in the book: itself, its parts, longer words, words like it, the word meant. */
  function meanings(word) {
    const stemmed = stem(word.toLowerCase());
    if (stemmed.includes(".")) return {own: [...spread.keys()].filter((known) => known.startsWith(stemmed)), near: []};
    const own = spread.has(stemmed) ? [stemmed] : partsOf(word).filter((part) => spread.has(part));
    const longer = own.length || stemmed.length < 3 ? [] : [...spread.keys()].filter((known) => known.startsWith(stemmed));
    const alike = (ALIKE[stemmed] ?? []).filter((known) => spread.has(known));
    const near = [...longer.slice(0, 12), ...alike];
    if (own.length || near.length || stemmed.length < 5) return {own, near};
    return {own, near: [...spread.keys()].filter((known) => isSlip(stemmed, known))};
  }

  function understand(question) {
    const typed = words(question);
    const terms = [...new Map(typed.map((word) => [stem(word.toLowerCase()), word])).values()].map((word) => {
      const {own, near} = meanings(word);
      const known = [...own, ...near];
      const small = SMALL_WORDS.has(word.toLowerCase()) || /^\d+$/.test(word);
      const weight = known.length ? Math.max(...known.map(rarity)) : rarity("");
      return {own, near, weight: weight * (small ? 0.12 : 1), small, known: known.length > 0};
    });
    const large = terms.some((term) => !term.small);
    return {terms, pairs: pairs(whole(question)), large, topic: topic(typed)};
  }

  /** The words that matter, for titles that say just them. */
  function topic(typed) {
    const large = typed.filter((word) => !SMALL_WORDS.has(word.toLowerCase()));
    return [...new Set(large.map((word) => stem(word.toLowerCase())))].sort().join(" ");
  }

  function pairs(said) {
    return said.slice(1).map((word, i) => [said[i], word])
      .filter((pair) => pair.every((word) => spread.has(word) && !/^\d+$/.test(word)));
  }

  /** How much of a word there is in an entry: 0 to about 2, more if it stands in a title. */
  function amount(entry, {own, near}, {counts, length}) {
    const number = (names) => names.reduce((sum, name) => sum + (counts.get(name) ?? 0), 0);
    const found = number(own) + 0.5 * number(near);
    if (!found && ![...own, ...near].some((name) => entry.inPageTitle.has(name))) return 0;
    const often = (2.2 * found) / (found + 1.2 * (0.4 + (0.6 * Math.max(length, 30)) / meanLength));
    const titled = (titles, bonus) =>
      own.some((name) => titles.has(name)) ? bonus : near.some((name) => titles.has(name)) ? 0.6 * bonus : 0;
    return often + titled(entry.inTitle, 2) + titled(entry.inPageTitle, 0.8);
  }

  /** The beginning of a page may also be found by what stands further down, where nothing better is. */
  function score(entry, asked) {
    const own = scoreOf(entry, asked, entry);
    if (!entry.wholePage) return entry.worth * own;
    const share = entry.page.startsWith("reference/") ? 0.3 : 0.6;
    return entry.worth * Math.max(own, share * scoreOf(entry, asked, entry.wholePage));
  }

  function scoreOf(entry, {terms, pairs, large, topic: wanted}, text) {
    let sum = 0, met = 0, asked = 0;
    for (const term of terms) {
      if (large && term.small) { sum += term.weight * Math.min(1, amount(entry, term, text)); continue; }
      if (!term.known) { asked += 0.3 * term.weight; continue; }
      const found = amount(entry, term, text);
      sum += term.weight * found;
      asked += term.weight;
      met += found ? term.weight : 0;
    }
    if (!met) return 0;
    for (const [one, two] of pairs) {
      const both = ` ${one} ${two} `;
      const worth = rarity(one) + rarity(two);
      if (entry.titleSaid.includes(both)) sum += 0.8 * worth;
      if (entry.said.includes(both)) sum += 0.35 * worth;
    }
    const exact = wanted !== "" && entry.topics.has(wanted);
    return (exact ? 1.5 : 1) * sum * (met / asked) ** 1.5;
  }

  function find(question) {
    const asked = understand(question);
    const ranked = entries.map((entry) => ({entry, points: score(entry, asked)})).filter(({points}) => points > 0)
      .sort((one, other) => other.points - one.points);
    const perPage = new Map();
    const best = ranked.filter(({entry, points}) => {
      perPage.set(entry.page, (perPage.get(entry.page) ?? 0) + 1);
      return perPage.get(entry.page) <= OF_ONE_PAGE && points > 0.12 * ranked[0].points;
    });
    return {asked, best: best.slice(0, SHOWN).map(({entry}) => entry)};
  }

  /** The stretch of the text with most of what was asked for, cut at words. */
  function excerpt(text, marked) {
    const pieces = text.split(" ");
    const value = pieces.map((piece) => withParts(piece).reduce((sum, word) => sum + (marked.get(word) ?? 0), 0));
    const width = 34;
    let start = 0, best = -1, sum = 0;
    value.forEach((worth, i) => {
      sum += worth - (value[i - width] ?? 0);
      if (sum > best + 1e-9) { best = sum; start = Math.max(0, i - width + 1); }
    });
    const first = Math.max(0, Math.min(start + 4, pieces.length - width));
    const shown = pieces.slice(first, first + width);
    return {before: first > 0, shown: shown.map((piece, i) => ({piece, hit: value[first + i] > 0})),
            after: first + width < pieces.length};
  }

  function excerptElement(entry, marked) {
    const {before, shown, after} = excerpt(entry.text, marked);
    const line = document.createElement("p");
    line.className = "context";
    if (before) line.append("… ");
    for (const {piece, hit} of shown) {
      if (hit) line.append(Object.assign(document.createElement("b"), {textContent: piece}), " ");
      else line.append(`${piece} `);
    }
    if (after) line.append("…");
    return line;
  }

  /** Marks the words on the page that opens, but not all the words of a pasted message. */
  function address(entry, marked) {
    const highlight = marked.size <= 4 ? [...marked.keys()].join(" ") : "";
    const query = highlight ? `?highlight=${encodeURIComponent(highlight)}` : "";
    return document.documentElement.dataset.content_root + entry.page + query + (entry.anchor && `#${entry.anchor}`);
  }

  function resultElement(entry, marked) {
    const item = document.createElement("li");
    const link = Object.assign(document.createElement("a"), {href: address(entry, marked), textContent: entry.title});
    item.append(link);
    if (entry.anchor) {
      item.append(Object.assign(document.createElement("span"), {className: "lb-found-in", textContent: entry.pageTitle}));
    }
    item.append(excerptElement(entry, marked));
    return item;
  }

  async function show(question) {
    const place = document.getElementById("search-results");
    if (!question.trim()) return place.replaceChildren();
    const summary = Object.assign(document.createElement("p"), {className: "search-summary"});
    const isThere = await prepare();
    if (question !== field.value) return;
    if (!isThere) {
      summary.textContent = "The words of the book could not be loaded. Check the connection, and type again.";
      return place.replaceChildren(summary);
    }
    const {asked, best} = find(question);
    const large = asked.terms.filter((term) => !term.small || !asked.large);
    const marked = new Map(large.flatMap((term) => [...term.own, ...term.near].map((word) => [word, term.weight])));
    summary.textContent = best.length
      ? (best.length === 1 ? "One place, " : `${best.length} places, the best first, `) + `for “${question.trim()}”.`
      : `Nothing found for “${question.trim()}”. Try other words, or fewer.`;
    const list = document.createElement("ul");
    list.className = "search";
    list.append(...best.map((entry) => resultElement(entry, marked)));
    place.replaceChildren(summary, list);
  }

  const field = document.querySelector(".lb-search-page input");
  field.value = new URLSearchParams(location.search).get("q") ?? "";
  field.addEventListener("focus", prepare);
  let waiting;
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      history.replaceState(null, "", `?${new URLSearchParams({q: field.value})}`);
      show(field.value);
    }, 150);
  });
  show(field.value);
})();
