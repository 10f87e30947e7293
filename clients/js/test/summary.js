/** A reporter for node --test: failures in full, and one line at the end. */

import { inspect } from "node:util";

export default async function* summary(events) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for await (const { type, data } of events) {
    if (type === "test:stderr" || type === "test:stdout") yield data.message;
    if (type !== "test:pass" && type !== "test:fail") continue;
    if (data.details.type === "suite") continue;
    if (data.skip !== undefined) counts.skipped += 1;
    else if (type === "test:pass") counts.passed += 1;
    else {
      counts.failed += 1;
      const { cause, message } = data.details.error;
      yield `FAILED ${data.file ?? ""} ${data.name}\n${cause instanceof Error ? inspect(cause) : cause ?? message}\n\n`;
    }
  }
  const skipped = counts.skipped ? `, ${counts.skipped} skipped` : "";
  yield `clients/js: ${counts.passed} passed, ${counts.failed} failed${skipped}\n`;
}
