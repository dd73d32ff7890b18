// Translates names that Gradio leaves in English, and corrects its markup for screen readers.
// `names` maps Gradio's names to ours; {name} stands for a label in them.
(() => {
  const names = new Map(Object.entries(NAMES));
  const ATTRIBUTES = ['aria-label', 'title', 'alt'];
  const patterns = [...names].filter(([said]) => said.includes('{name}')).map(([said, ours]) => [said.split('{name}'), ours]);

  const ours = (said) => {
    if (names.has(said)) return names.get(said);
    for (const [[before, after], name] of patterns)
      if (said.startsWith(before) && said.endsWith(after) && said.length > before.length + after.length)
        return name.replace('{name}', said.slice(before.length, said.length - after.length));
    return null;
  };

  const mend = (element) => {
    for (const attribute of ATTRIBUTES) {
      const said = element.getAttribute(attribute);
      const name = said && ours(said);
      // Setting it again would trigger the observer again.
      if (name && name !== said) element.setAttribute(attribute, name);
    }
    if (element.matches('div.empty[aria-label]:not([role])')) element.setAttribute('role', 'img');
    // A scrollable list would take the focus on the next Tab, and close at that moment.
    if (element.matches('ul[role="listbox"]:not([tabindex])')) element.tabIndex = -1;
  };

  const all = (root) => {
    mend(root);
    root.querySelectorAll('[aria-label], [title], [alt], ul[role="listbox"]').forEach(mend);
  };

  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === 'attributes') mend(change.target);
      for (const node of change.addedNodes) if (node.nodeType === Node.ELEMENT_NODE) all(node);
    }
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ATTRIBUTES });
})();
