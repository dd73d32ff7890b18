// In another site's frame a browser may refuse its storage, without which Gradio's page does not
// start. Then what it would store is kept until the page is closed.
for (const name of ['localStorage', 'sessionStorage']) {
  try {
    window[name].getItem('');
  } catch {
    const kept = new Map();
    const value = {
      getItem: (key) => kept.get(String(key)) ?? null,
      setItem: (key, text) => void kept.set(String(key), String(text)),
      removeItem: (key) => void kept.delete(String(key)),
      clear: () => kept.clear(),
      key: (index) => [...kept.keys()][index] ?? null,
      get length() {
        return kept.size;
      },
    };
    Object.defineProperty(window, name, { value, configurable: true });
  }
}
// Until a kept photo has come back, no picture is shown: the sample would pass for it.
if (sessionStorage.presenceKept) document.documentElement.classList.add('p-restoring');
