/**
 * A projection's script in its sandbox: what it says of itself, what goes in, what comes out.
 *
 * This part knows no log and no HTTP. Its user reads events, hands them over in batches, keeps the
 * states that come back durable, and appends what the script emits. A batch costs one crossing into
 * the sandbox, however many events it has; states live inside the sandbox between batches, and come
 * out when the user asks for them (`run` with `handOut`), which makes a checkpoint.
 *
 * ```ts
 * const scripts = openScripts();                     // one for the server: the process around them
 * const script = await scripts.open({ source, states });
 * script.definition;                                 // which events it wants
 * const outcome = await script.run(events, { handOut: true });
 * // in one commit: outcome.emitted, outcome.states, and the position of events[outcome.done - 1]
 * await script.close();
 * ```
 *
 * Determinism: what comes out is a function of the source, the events, and the states handed in.
 * Where the batches end, and whether the sandbox was restarted in between, changes no byte. After
 * each event the state is what JSON can say of it: a Date is a string from the next event on. Only
 * what a script hides in variables of its own escapes that; it is lost with the sandbox.
 */

export { type Definition, sourceDefinition } from "./model/definition.ts";
export * from "./model/events.ts";
export { type Fault, type FaultKind, ScriptFault } from "./model/fault.ts";
export { LIMITS, type Limits } from "./model/limits.ts";
export * from "./model/outcome.ts";
export * from "./model/script.ts";
export { openScripts } from "./server/sandbox.ts";
