/** All screens; a new one is added here and in `observer/templates/shell/screens/`. */

import { brief } from "./brief.js";
import { caseScreen, newCase } from "./case.js";
import { checklist } from "./checklist.js";
import { enrol } from "./enrol.js";
import { header } from "./header.js";
import { log } from "./log.js";
import { submit } from "./submit.js";
import { today } from "./today.js";
import { write } from "./write.js";

export const screens = [header, enrol, today, newCase, caseScreen, brief, log, write, checklist, submit];
