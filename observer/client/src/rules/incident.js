/** Twin of `schemas/incident.py`: closed lists of incidents, and the code that is read out. */

export const INCIDENT_KINDS = ["urgent", "incident", "safe_arrival"];
/** What somebody at headquarters must see; a safe arrival asks for nothing. */
export const WAITING_KINDS = ["urgent", "incident"];
export const NEEDS = ["call_back", "lawyer", "doctor", "interpreter", "consulate", "attend_next_hearing", "publicity", "leave", "other"];
export const ACKNOWLEDGED = "acknowledged";
const CODE_LENGTH = 6;
// Crockford's base 32: no I, L, O, U, so that a code can be read out over a bad line.
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/**
 * The code of an incident: the last 30 bits of its record's UUID, the highest five first. They are
 * random in a UUID of version 7. The code names a record to who has it, and proves nothing.
 *
 * @param {string} record the id as it stands in the change, lower case with hyphens
 */
export function incidentCode(record) {
  const tail = Number.parseInt(record.slice(-8), 16);
  let code = "";
  for (let shift = 5 * (CODE_LENGTH - 1); shift >= 0; shift -= 5) code += ALPHABET[(tail >>> shift) & 31];
  return code;
}
