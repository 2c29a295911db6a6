// Made-up Russian names by number. Strides that share no factor with the lists' lengths keep neighbours from looking alike.

export interface FullName {
  readonly lastName: string;
  readonly firstName: string;
  readonly middleName: string;
}

const lastNames = [
  'Иванов', 'Кузнецов', 'Соколов', 'Лебедев', 'Морозов', 'Новиков', 'Зайцев', 'Павлов', 'Голубев', 'Виноградов', 'Богданов', 'Воробьёв',
  'Фёдоров', 'Михайлов', 'Беляев', 'Тарасов', 'Белов', 'Комаров', 'Орлов', 'Киселёв', 'Макаров', 'Андреев', 'Ковалёв',
];
const men = ['Иван', 'Тимур', 'Алексей', 'Дмитрий', 'Руслан', 'Сергей', 'Павел', 'Никита', 'Олег', 'Артём', 'Марат', 'Егор', 'Роман'];
const women = ['Анна', 'Марина', 'Елена', 'Алина', 'Ольга', 'Дарья', 'Светлана'];
const fathers = ['Иванов', 'Сергеев', 'Дмитриев', 'Алексеев', 'Павлов', 'Андреев', 'Викторов', 'Олегов', 'Русланов', 'Тимуров', 'Николаев'];

/** Every fifth driver is a woman. */
export function fullName(ordinal: number): FullName {
  const isWoman = ordinal % 5 === 3;
  const lastName = pick(lastNames, ordinal * 7);
  const father = pick(fathers, ordinal * 3);
  return {
    lastName: isWoman ? `${lastName}а` : lastName,
    firstName: isWoman ? pick(women, Math.floor(ordinal / 5)) : pick(men, ordinal * 2),
    middleName: father + (isWoman ? 'на' : 'ич'),
  };
}

export function spellName({ lastName, firstName, middleName }: FullName): string {
  return `${lastName} ${firstName} ${middleName}`;
}

function pick(list: readonly string[], at: number): string {
  return list[at % list.length] ?? '';
}
