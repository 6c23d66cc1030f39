// All begins here.

Promise.all([beginSessions(), beginMoves()]).then(() => (document.body.dataset.ready = "yes"));
