// Places the explanation of a term beside it, and opens it while a mouse rests on the term. Clicks,
// keys and Escape are handled by the popover itself. One set of listeners serves the whole page.
if (!window.presenceMeanings) {
  window.presenceMeanings = true;
  const REST = 280, LEAVE = 260, GAP = 6, EDGE = 12;
  let asked = null, resting = 0, leaving = 0, hovered = null;

  const termAt = (event) => event.target.closest?.('.p-term');
  const opens = (term) => document.getElementById(term.getAttribute('popovertarget'));

  const place = (popover) => {
    const term = asked.getBoundingClientRect();
    const wide = Math.min(360, innerWidth - 2 * EDGE);
    const left = Math.max(EDGE, Math.min(term.left, innerWidth - EDGE - wide));
    const below = term.bottom < innerHeight * 0.58;
    popover.style.setProperty('--left', `${left + scrollX}px`);
    popover.style.setProperty('--top', `${(below ? term.bottom + GAP : term.top - GAP) + scrollY}px`);
    popover.classList.toggle('p-above', !below);
  };

  document.addEventListener('beforetoggle', (event) => {
    const popover = event.target;
    if (!popover.matches?.('.p-meaning')) return;
    if (event.newState === 'open' && asked) place(popover);
    if (event.newState === 'closed' && popover === hovered) hovered = null;
  }, true);

  document.addEventListener('click', (event) => {
    const term = termAt(event);
    if (!term) return;
    asked = term;
    clearTimeout(resting);
    // A click keeps an explanation open that was opened by hovering.
    if (hovered && hovered === opens(term)) {
      event.preventDefault();
      hovered = null;
    }
  }, true);

  document.addEventListener('pointerover', (event) => {
    if (event.pointerType !== 'mouse') return;
    if (hovered && (event.target.closest('.p-meaning') === hovered)) clearTimeout(leaving);
    const term = termAt(event);
    if (!term) return;
    clearTimeout(leaving);
    clearTimeout(resting);
    const popover = opens(term);
    if (!popover || popover.matches(':popover-open')) return;
    resting = setTimeout(() => {
      // Hovering does not replace an explanation that was opened by a click.
      const open = document.querySelector('.p-meaning:popover-open');
      if (!term.isConnected || (open && open !== hovered)) return;
      asked = term;
      popover.showPopover();
      hovered = popover;
    }, REST);
  });

  document.addEventListener('pointerout', (event) => {
    if (event.pointerType !== 'mouse') return;
    if (termAt(event)) clearTimeout(resting);
    if (!hovered) return;
    clearTimeout(leaving);
    leaving = setTimeout(() => hovered?.hidePopover(), LEAVE);
  });
}
