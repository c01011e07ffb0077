"""How alike two texts are: a table as officers write, and what holds for any text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.similarity import ALIKE, alikeness

SAME = [
    ("楼道渗水，墙面发霉。", "楼道墙面渗水发霉"),
    ("七号楼水管漏水，墙面发霉。", "7号楼楼道水管漏水"),
    ("地下车库积水", "小区地下车库大量积水，车辆无法进出，居民希望尽快抽水"),
    ("3号楼北侧垃圾房满溢，气味很大", "垃圾房满溢没有人清运，气味大"),
    ("凉城路123弄门口共享单车乱停放，堵住人行道", "共享单车乱停放，占了人行道"),
    ("电梯故障，困人两次", "居民来电反映：电梯故障停运，曾经困人"),
    ("路灯不亮，晚上看不见路", "小区路灯不亮"),
    ("高空抛物砸到车辆！！！", "有人高空抛物，砸坏车辆"),
    ("化粪池外溢，臭气熏天", "化粪池外溢到路面"),
    ("Ｗｉｆｉ基站噪音扰民", "wifi 基站 噪音扰民"),
]
DIFFERENT = [
    ("小区门口违停", "小区门口垃圾"),
    ("楼道灯不亮", "楼道堆放杂物"),
    ("居民反映广场舞噪音扰民", "居民反映下水道堵塞"),
    ("二楼空调外机滴水", "树木倒伏，压住电线"),
    ("井盖破损", "墙面脱落"),
    ("宠物犬没有牵绳", "流浪猫翻垃圾桶"),
    ("电动车飞线充电", "非机动车棚漏雨"),
    ("", "楼道渗水"),
    ("！！！", "楼道渗水"),
    ("😀", ""),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_matter(one: str, other: str):
    assert alikeness(one, other) >= ALIKE


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_another_matter(one: str, other: str):
    assert alikeness(one, other) < ALIKE


@given(st.text(max_size=60), st.text(max_size=60))
def test_is_a_share_and_the_same_both_ways(one: str, other: str):
    assert 0 <= alikeness(one, other) <= 1
    assert alikeness(one, other) == alikeness(other, one)


@given(st.text(max_size=60))
def test_a_text_is_like_itself(text: str):
    assert alikeness(text, text) == 1


def test_punctuation_width_and_case_do_not_count():
    assert alikeness("楼道，渗水！Ａ１", "楼道 渗水 a1") == 1
