"""Numbers below 10 000 in Chinese numerals and in English words: the task of the model in this folder.

The rules stand here once; train.py learns from them and the tests judge by them.

Chinese. A number has one standard form (1015 is 一千零一十五) and up to fifteen others that people write
as well; the model learns them all:
  〇 for 零                 一千〇一十五
  两 for 二 before 百 or 千   两千, 两百 (the standard form here keeps 二)
  十 for 一十                十五 is standard below 20; inside a number 一十 is standard and 十 the variant
One 零 stands for any run of empty places inside a number; empty places at its end are not written.
English. British "and" is not used; tens and units are joined by a hyphen: three hundred twenty-one.
"""
import itertools
import zlib

DIGITS = "零一二三四五六七八九"
PLACES = [(1000, "千"), (100, "百"), (10, "十"), (1, "")]
LIMIT = 10_000
HELD_OUT_REMAINDER = 3  # any of 0 … 4 would do; with this one, 321 is a number the model has not seen

SMALL = ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
         "sixteen seventeen eighteen nineteen").split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()


def chinese(number):
    """The standard form: 321 -> 三百二十一, 15 -> 十五, 1015 -> 一千零一十五."""
    if number == 0:
        return DIGITS[0]
    text, gap = "", False
    for value, place in PLACES:
        digit = number // value % 10
        if digit == 0:
            gap = text != ""
            continue
        text += (DIGITS[0] if gap else "") + DIGITS[digit] + place
        gap = False
    return text[1:] if text.startswith("一十") else text


def chinese_forms(number):
    """Every accepted form, the standard one first, without repetition."""
    standard = chinese(number)
    full = "一" + standard if standard.startswith("十") else standard
    short = full.replace("一十", "十")
    forms = []
    for tens, zero, hundreds, thousands in itertools.product((full, short), "零〇", "二两", "二两"):
        forms.append(tens.replace("零", zero).replace("二百", hundreds + "百").replace("二千", thousands + "千"))
    return list(dict.fromkeys([standard] + forms))


def english_tokens(number):
    """The words as tokens; a token that ends in a hyphen is written together with the next one."""
    if number >= 1000:
        rest = number % 1000
        return [SMALL[number // 1000], "thousand"] + (english_tokens(rest) if rest else [])
    if number >= 100:
        rest = number % 100
        return [SMALL[number // 100], "hundred"] + (english_tokens(rest) if rest else [])
    if number >= 20:
        tens, unit = TENS[number // 10 - 2], number % 10
        return [tens + "-", SMALL[unit]] if unit else [tens]
    return [SMALL[number]]


def english(number):
    """321 -> three hundred twenty-one."""
    return " ".join(english_tokens(number)).replace("- ", "-")


def held_out(number):
    """Whether the number is kept from training: one in five of 100 … 9999, by the CRC-32 of its decimal digits.

    The numbers below 100 are all trained on: they hold the irregular words, each seen in few numbers.
    """
    return number >= 100 and zlib.crc32(str(number).encode()) % 5 == HELD_OUT_REMAINDER


SOURCE_TOKENS = ["<pad>"] + list("零〇一二两三四五六七八九十百千")
TARGET_TOKENS = ["<pad>", "<bos>", "<eos>"] + SMALL + TENS + [word + "-" for word in TENS] + ["hundred", "thousand"]
