// Asks for the page again after a while, where the server said that it will know more then.
const waiting = document.querySelector("[data-reload]");

if (waiting) setTimeout(() => location.reload(), Number(waiting.dataset.reload));
