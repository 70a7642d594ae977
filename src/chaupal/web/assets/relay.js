// The volunteer's page: share, copy, and a "posted" that waits for the network if there is none.
const share = document.getElementById("share");
const copy = document.getElementById("copy");
const said = document.getElementById("said");
const posted = document.getElementById("posted");
const text = document.getElementById("text")?.textContent.trim() ?? "";

// A picture goes along with the text where the phone can share files. It is fetched beforehand (the
// page shows it, so it costs nothing), since a phone shares only while a finger is on the button.
const picture = document.getElementById("picture");
let file;
if (picture && share && navigator.canShare) {
  fetch(picture.src)
    .then((answer) => (answer.ok ? answer.blob() : undefined))
    .then((blob) => {
      const taken = blob && new File([blob], "picture.jpg", { type: "image/jpeg" });
      if (!taken || !navigator.canShare({ files: [taken], text })) return;
      file = taken;
      document.getElementById("save").hidden = true;
      document.getElementById("by-hand").hidden = true;
    })
    .catch(() => {}); // then it is saved and added by hand
}

share?.addEventListener("click", async (event) => {
  if (!navigator.share) return; // the link itself opens wa.me
  event.preventDefault();
  try {
    await navigator.share(file ? { files: [file], text } : { text });
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
