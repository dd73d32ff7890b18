// Replaces Gradio's texts about its queue, the place in it and that it is full, by those in `words`;
// Gradio offers no way to translate them.
(() => {
  const words = WORDS;
  const GRADIOS = 'This application is currently busy';
  const PLACE = /queue: (\d+)\/(\d+)/;

  const ours = (said) => {
    const [, place, size] = PLACE.exec(said) ?? [];
    if (place === '1') return words.next;
    return place ? words.place.replace('{place}', place).replace('{size}', size) : null;
  };

  // Gradio's text nodes stay in place, hidden by the style sheet, and ours is appended.
  const place = (tracker) => {
    const texts = [...tracker.childNodes].filter((one) => one.nodeType === Node.TEXT_NODE);
    const text = ours(texts.map((one) => one.data).join(''));
    let said = tracker.querySelector(':scope > .p-place');
    tracker.classList.toggle('p-said', text !== null);
    if (text === null) return said?.remove();
    if (!said) {
      said = Object.assign(document.createElement('span'), { className: 'p-place', role: 'status' });
      tracker.append(said);
    }
    if (said.textContent !== text) said.textContent = text;
  };

  const toast = (body) => {
    for (const text of body.querySelectorAll('.toast-message-text')) {
      if (!text.textContent.includes(GRADIOS)) continue;
      text.textContent = words.busy;
      const title = body.querySelector('.toast-title');
      if (title) title.textContent = words.title;
    }
  };

  const look = (node) => {
    const element = node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement;
    const tracker = element?.closest('.progress-text');
    if (tracker) place(tracker);
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    node.querySelectorAll('.progress-text').forEach(place);
    for (const body of [node, ...node.querySelectorAll('.toast-body')])
      if (body.matches('.toast-body')) toast(body);
  };

  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.target.closest?.('.p-place')) continue;
      if (change.type === 'characterData') look(change.target);
      if (change.removedNodes.length) look(change.target);
      change.addedNodes.forEach(look);
    }
  }).observe(document, { subtree: true, childList: true, characterData: true });
})();
