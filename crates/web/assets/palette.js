// The few emojis to react with, beside the message that they are for.

import { $ } from './view.js';

const palette = $('palette');
let opener = null; // The button that it is opened by.
let choose;

for (const emoji of palette.children) {
  emoji.onclick = () => {
    closePalette();
    choose(emoji.textContent);
  };
}
palette.addEventListener('beforetoggle', ({ newState }) => { if (newState === 'open') place(); });
// A new message scrolls as well: that is no reason to take the palette away.
$('log').addEventListener('scroll', () => { if (isOpen()) place(); });

/** Lets a button open the palette, and `then(emoji)` hear of the choice. */
export function opensPalette(button, then) {
  // By this the browser opens and closes it and gives the focus back; a click is told before.
  button.popoverTargetElement = palette;
  button.onclick = () => {
    opener = button;
    choose = then;
  };
}

export function closePalette() {
  if (isOpen()) palette.hidePopover();
}

function isOpen() {
  return palette.matches(':popover-open');
}

/** Tells the sheet where the button is. It keeps the palette within the window. */
function place() {
  if (!opener.isConnected) return closePalette();
  const { left, top, width } = opener.getBoundingClientRect();
  palette.style.setProperty('--x', `${left + width / 2}px`);
  palette.style.setProperty('--y', `${top}px`);
}
