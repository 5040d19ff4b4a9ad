declare const tag: unique symbol;

/** A `Base` that only its parser mints, so that one kind of string is never passed for another. */
export type Tagged<Base, Name extends string> = Base & { readonly [tag]: Name };
