import { Room, type RoomListener } from "../../../src/log/room/room.ts";

const QUIET: RoomListener = { onChange: () => undefined, onUnknown: () => undefined };

/**
 * The room of a directory that is not there. It lets everything in, and answers do not depend on
 * what other programs do on the disk of the tests.
 */
export function quietRoom(): Room {
	return new Room("/nowhere/at/all", undefined, QUIET);
}

/** A room that keeps so many bytes free. */
export function roomOf(directory: string, freeMin: number): Room {
	return new Room(directory, freeMin, QUIET);
}
