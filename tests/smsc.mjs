// A service centre for tests: node-smpp's server, which does as it is told on its standard input
// and tells on its standard output, a line of JSON each. Like a real one it keeps what nobody has
// acknowledged, and brings it to whoever binds next.
import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";
import smpp from "smpp";

const PASSWORD = "geheim98";
const tell = (what) => process.stdout.write(JSON.stringify(what) + "\n");

for (const [name, id] of [["dlt_entity", 0x1400], ["dlt_template", 0x1401], ["dlt_telemarketer", 0x1402]]) {
  smpp.addTLV(name, { id, type: smpp.types.tlv.cstring });
}

let count = 0;
let behaviour = {};          // answers, silent, cut, late, ids: what becomes of messages
const waiting = new Map();   // what is to be brought, until it is acknowledged
const bound = new Set();     // sessions that take what is brought

function text(pdu) {
  const said = pdu.message_payload ?? pdu.short_message;
  return (said && said.message) ?? said ?? "";
}

// `ids`: how this centre writes a message's number, in its answer and in its receipt.
function named(number) {
  const [answer] = (behaviour.ids ?? "").split("-");
  if (!answer) return `${behaviour.prefix ?? "m"}-${number}`;
  return answer === "hex" ? wide(number).toString(16).toUpperCase().padStart(8, "0") : `${wide(number)}`;
}
const wide = (number) => 0x12ab0 + number;

function inReceipt(id) {
  const [answer, receipt] = (behaviour.ids ?? "").split("-");
  if (!answer || answer === receipt) return id;
  return receipt === "hex" ? Number(id).toString(16).toUpperCase().padStart(8, "0") : `${parseInt(id, 16)}`;
}

function submitted(session, pdu) {
  const status = (behaviour.answers ?? []).shift() ?? behaviour.to?.[pdu.destination_addr] ?? 0;
  const id = status === 0 ? named(++count) : "";
  tell({ event: "submitted", id, status, sequence: pdu.sequence_number,
    from: pdu.source_addr, to: pdu.destination_addr, text: text(pdu).toString(),
    source_ton: pdu.source_addr_ton, dest_ton: pdu.dest_addr_ton, coding: pdu.data_coding,
    lives_s: Math.round((pdu.validity_period - Date.now()) / 1000),
    registered: pdu.registered_delivery, payload: Boolean(pdu.message_payload),
    entity: pdu.dlt_entity, template: pdu.dlt_template, telemarketer: pdu.dlt_telemarketer });
  if (behaviour.receipt_first && id) receipt({ id, stat: behaviour.receipt_first, err: behaviour.err });
  if (behaviour.cut) return session.destroy();
  if (behaviour.silent) return;
  if (behaviour.late_ms) {
    setTimeout(() => session.send(pdu.response({ command_status: status, message_id: id })), behaviour.late_ms);
    return;
  }
  session.send(pdu.response({ command_status: status, message_id: id }));
  if (behaviour.receipts && id) receipt({ id, stat: behaviour.receipts, err: behaviour.err });
}

function receipt({ id, stat = "DELIVRD", err = "000", done = "2611271000", tags = true, to = "911100000001" }) {
  const state = { ENROUTE: 1, DELIVRD: 2, EXPIRED: 3, UNDELIV: 5, ACCEPTD: 6, REJECTD: 8 }[stat];
  bring({ source_addr: to, source_addr_ton: 1, destination_addr: "CHAUPL", esm_class: 4,
    short_message: `id:${inReceipt(id)} sub:001 dlvrd:001 submit date:2611270959 done date:${done} stat:${stat} err:${err} text:`,
    ...(tags ? { receipted_message_id: inReceipt(id), message_state: state } : {}) });
}

function bring(options) {
  const number = waiting.size + count + Math.floor(Math.random() * 1e9);
  waiting.set(number, options);
  for (const session of bound) return carry(session, number);
}

function carry(session, number) {
  session.deliver_sm(waiting.get(number), (answer) => {
    tell({ event: "brought", status: answer.command_status });
    if (answer.command_status === 0) waiting.delete(number);
    else setTimeout(() => bound.has(session) && waiting.has(number) && carry(session, number), 50);
  });
}

const [, , port, key, cert] = process.argv;
const options = key ? { key: readFileSync(key), cert: readFileSync(cert) } : {};
const server = smpp.createServer(options, (session) => {
  session.on("error", () => {});
  for (const kind of ["bind_transceiver", "bind_transmitter"]) {
    session.on(kind, (pdu) => {
      const refused = behaviour.bind ?? (pdu.password === PASSWORD ? 0 : 0x0e);
      tell({ event: "bound", kind, status: refused, system_id: pdu.system_id, version: pdu.interface_version });
      session.send(pdu.response({ command_status: refused, system_id: "centre" }));
      if (refused) return;
      if (kind === "bind_transceiver") {
        bound.add(session);
        for (const number of [...waiting.keys()]) carry(session, number);
      }
    });
  }
  session.on("submit_sm", (pdu) => submitted(session, pdu));
  session.on("enquire_link", (pdu) => {
    tell({ event: "enquired" });
    if (!behaviour.deaf) session.send(pdu.response());
  });
  session.on("unbind", (pdu) => {
    tell({ event: "unbound" });
    session.send(pdu.response());
    session.close();
  });
  session.on("close", () => { bound.delete(session); tell({ event: "closed" }); });
});
server.listen(Number(port), "127.0.0.1", () => tell({ event: "listening", port: server.address().port }));

createInterface({ input: process.stdin }).on("line", (line) => {
  const { verb, ...what } = JSON.parse(line);
  if (verb === "behave") behaviour = what;
  if (verb === "receipt") receipt(what);
  if (verb === "bring") bring({ source_addr_ton: 1, destination_addr: "CHAUPL", ...what });
  if (verb === "garbage") for (const session of bound) session.socket.write(Buffer.from(what.hex, "hex"));
  if (verb === "enquire") for (const session of bound) session.enquire_link(() => tell({ event: "answered" }));
  if (verb === "drop") for (const session of server.sessions) session.destroy();
  tell({ event: "done", verb });
}).on("close", () => process.exit(0));
