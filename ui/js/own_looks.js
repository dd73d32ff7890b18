// The list of saved looks. Deleting takes two clicks.
const act = (button) => {
  const row = button.closest('[data-name]');
  if (button.dataset.sure) {
    const word = button.textContent;
    button.textContent = button.dataset.sure;
    delete button.dataset.sure;
    button.addEventListener('blur', () => {
      button.dataset.sure = button.textContent;
      button.textContent = word;
    }, { once: true });
    return;
  }
  trigger('click', {
    action: button.dataset.action,
    name: row.dataset.name,
    letter: button.dataset.letter ?? '',
  });
};
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-action]');
  if (button) act(button);
});
