/** What the start can do without: screens that are not opened first, and the network. Fetched right after it, at once. */

import { brief } from "./screens/brief.js";
import { byHand } from "./screens/by_hand.js";
import { caseScreen, newCase } from "./screens/case.js";
import { conflict } from "./screens/conflict.js";
import { custody } from "./screens/custody.js";
import { enrol } from "./screens/enrol.js";
import { files } from "./screens/files.js";
import { headquarters } from "./screens/headquarters.js";
import { history } from "./screens/history.js";
import { incident } from "./screens/incident.js";
import { phone } from "./screens/phone.js";
import { query } from "./screens/query.js";
import { submit } from "./screens/submit.js";
import { urgent } from "./screens/urgent.js";

export { proposals } from "./rules/derive.js";
export { attention } from "./screens/attention.js";
export { Loop } from "./sync/loop.js";
export { Session } from "./sync/session.js";
export { Transport } from "./sync/transport.js";

/** @type {import("./frame.js").Screen[]} */
export const screens = [brief, byHand, caseScreen, newCase, conflict, custody, enrol, files, headquarters, history, incident, phone, query, submit, urgent];
