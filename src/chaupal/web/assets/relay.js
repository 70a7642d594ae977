// The volunteer's page: share, copy, and a "posted" that waits for the network if there is none.
const share = document.getElementById("share");
const copy = document.getElementById("copy");
const said = document.getElementById("said");
const posted = document.getElementById("posted");
const text = document.getElementById("text")?.textContent.trim() ?? "";

share?.addEventListener("click", async (event) => {
  if (!navigator.share) return; // the link itself opens wa.me
  event.preventDefault();
  try {
    await navigator.share({ text });
  } catch (error) {
    if (error.name !== "AbortError") location.href = share.href;
  }
});

if (copy) copy.hidden = false;
copy?.addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const range = document.createRange();
    range.selectNodeContents(document.getElementById("text"));
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    document.execCommand("copy");
  }
  said.textContent = copy.dataset.done;
});

// With no signal the tap is kept, and sent when the phone is back: the form's idempotency key
// makes a second sending harmless. A page whose time is over has no form, and sends it too.
const address = location.pathname.replace(/\/posted$/, "");
const kept = `posted:${address}`;

async function send(body) {
  const answer = await fetch(`${address}/posted`, {
    method: "POST",
    body: new URLSearchParams(body),
  });
  const taken = answer.ok || answer.redirected; // it may lead to a page that is over
  if (taken) {
    localStorage.removeItem(kept);
    location.href = address;
  } else if (answer.status >= 500) {
    throw new Error("the server is away");
  }
  return taken;
}

posted?.addEventListener("submit", (event) => {
  event.preventDefault();
  const body = new URLSearchParams(new FormData(posted)).toString();
  localStorage.setItem(kept, body);
  send(body).then(
    (taken) => taken || posted.submit(), // a refusal is a page of its own: let the browser show it
    () => { said.textContent = posted.dataset.waiting; },
  );
});

function sendKept() {
  const body = localStorage.getItem(kept);
  if (body) send(body).catch(() => {});
}
addEventListener("online", sendKept);
sendKept();
