// An error whose words are meant for people.
export const said = (words, more) => Object.assign(new Error(words, more), { is_said: true });
