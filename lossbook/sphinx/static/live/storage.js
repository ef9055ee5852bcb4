// A reader's code stays in this browser, and is the same in all its tabs. Where storage is refused it ends with the page.

export const read = (key) => {
  try { return localStorage.getItem(key); } catch { return null; }
};

// These return whether the browser let them.
export const write = (key, text) => {
  try {
    localStorage.setItem(key, text);
    return true;
  } catch { return false; }
};

export const remove = (key) => {
  try {
    localStorage.removeItem(key);
    return true;
  } catch { return false; }
};

// Call take(text or null) whenever another tab has written, also while this one waited in the browser's history.
export const follow = (key, take) => {
  addEventListener("storage", (event) => event.key === key && take(event.newValue));
  addEventListener("pageshow", (event) => event.persisted && take(read(key)));
};
