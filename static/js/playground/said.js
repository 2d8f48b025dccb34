// An error whose words are meant for people.
export const said = (words) => Object.assign(new Error(words), { is_said: true });
