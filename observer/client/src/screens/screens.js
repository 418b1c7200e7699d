/** All screens; a new one is added here and in `observer/templates/shell/screens/`. */

import { brief } from "./brief.js";
import { byHand } from "./by_hand.js";
import { caseScreen, newCase } from "./case.js";
import { checklist } from "./checklist.js";
import { conflict } from "./conflict.js";
import { custody } from "./custody.js";
import { enrol } from "./enrol.js";
import { files } from "./files.js";
import { header } from "./header.js";
import { headquarters } from "./headquarters.js";
import { history } from "./history.js";
import { incident } from "./incident.js";
import { log } from "./log.js";
import { phone } from "./phone.js";
import { query } from "./query.js";
import { submit } from "./submit.js";
import { today } from "./today.js";
import { urgent } from "./urgent.js";
import { write } from "./write.js";

export const screens = [header, enrol, today, newCase, caseScreen, brief, log, write, checklist, submit, urgent, incident, custody, query, history, conflict, files, headquarters, byHand, phone];
