/** The screens that court needs at once; all others are in `more.js`. Their markup is in `observer/templates/shell/screens/`. */

import { checklist } from "./checklist.js";
import { header } from "./header.js";
import { log } from "./log.js";
import { today } from "./today.js";
import { write } from "./write.js";

/** @type {import("../frame.js").Screen[]} */
export const screens = [header, today, log, write, checklist];
