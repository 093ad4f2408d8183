import { Room } from "../../../src/log/room/room.ts";

/**
 * The room of a directory that is not there. It lets everything in, and answers do not depend on
 * what other programs do on the disk of the tests.
 */
export function quietRoom(): Room {
	const listener = { onChange: () => undefined, onUnknown: () => undefined };
	return new Room("/nowhere/at/all", undefined, listener);
}
