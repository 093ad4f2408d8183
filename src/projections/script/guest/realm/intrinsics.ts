/**
 * What the guest uses of the language's own library, taken before the first script runs.
 *
 * A script may give `Map` or `JSON` another meaning, or none. So the files beside this one call no
 * global by its name, only what is taken here, and methods of values, whose prototypes are frozen
 * (lockdown.ts).
 */
export const { parse, stringify } = JSON;
export const { isArray } = Array;
export const {
	create,
	defineProperty,
	freeze,
	getOwnPropertyDescriptor,
	getPrototypeOf,
	hasOwn,
	is,
	keys,
} = Object;
export const { construct, ownKeys, set: reflectSet } = Reflect;
export const { isSafeInteger } = Number;
export const OwnMap: MapConstructor = Map;
export const OwnSet: SetConstructor = Set;
export const OwnWeakMap: WeakMapConstructor = WeakMap;
export const OwnProxy: ProxyConstructor = Proxy;
export const OwnPromise: PromiseConstructor = Promise;
export const OwnDate: DateConstructor = Date;
export const OwnFloat64Array: Float64ArrayConstructor = Float64Array;
export const OwnTypeError: TypeErrorConstructor = TypeError;
export const textOf: StringConstructor = String;
export const { imul, max } = Math;
