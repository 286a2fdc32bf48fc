"""Written by fixtures/golden.py from data/report.html.j2."""

ENGINE = "3.1.6"

from jinja2.runtime import LoopContext, Macro, Markup, Namespace, TemplateNotFound, TemplateReference, TemplateRuntimeError, Undefined, escape, identity, internalcode, markup_join, missing, str_join
name = 'report.html.j2'

def root(context, missing=missing):
    resolve = context.resolve_or_missing
    undefined = environment.undefined
    concat = environment.concat
    cond_expr_undefined = Undefined
    if 0: yield None
    l_0_language = resolve('language')
    l_0_style_digest = resolve('style_digest')
    l_0_t = resolve('t')
    l_0_r = resolve('r')
    l_0_style = resolve('style')
    l_0_said = resolve('said')
    l_0_lab = resolve('lab')
    l_0_code = resolve('code')
    l_0_namespace = resolve('namespace')
    l_0_current = resolve('current')
    l_0_withdrawn = resolve('withdrawn')
    l_0_rows = resolve('rows')
    l_0_events = resolve('events')
    l_0_words = resolve('words')
    l_0_heading = l_0_gap_text = l_0_inside = l_0_fact = l_0_category = l_0_standing = l_0_set_name = l_0_compared = l_0_bytes_of = l_0_spans = l_0_error_rate = l_0_label = l_0_region = l_0_fill = l_0_draw = l_0_acts = l_0_always = l_0_ns = l_0_c = l_0_e = l_0_asked = l_0_finding_rows = l_0_self_test = l_0_probes = l_0_told = missing
    try:
        t_1 = environment.filters['grouped']
    except KeyError:
        @internalcode
        def t_1(*unused):
            raise TemplateRuntimeError("No filter named 'grouped' found.")
    try:
        t_2 = environment.filters['join']
    except KeyError:
        @internalcode
        def t_2(*unused):
            raise TemplateRuntimeError("No filter named 'join' found.")
    try:
        t_3 = environment.filters['length']
    except KeyError:
        @internalcode
        def t_3(*unused):
            raise TemplateRuntimeError("No filter named 'length' found.")
    try:
        t_4 = environment.filters['list']
    except KeyError:
        @internalcode
        def t_4(*unused):
            raise TemplateRuntimeError("No filter named 'list' found.")
    try:
        t_5 = environment.filters['located']
    except KeyError:
        @internalcode
        def t_5(*unused):
            raise TemplateRuntimeError("No filter named 'located' found.")
    try:
        t_6 = environment.filters['map']
    except KeyError:
        @internalcode
        def t_6(*unused):
            raise TemplateRuntimeError("No filter named 'map' found.")
    try:
        t_7 = environment.filters['n']
    except KeyError:
        @internalcode
        def t_7(*unused):
            raise TemplateRuntimeError("No filter named 'n' found.")
    try:
        t_8 = environment.filters['one_in']
    except KeyError:
        @internalcode
        def t_8(*unused):
            raise TemplateRuntimeError("No filter named 'one_in' found.")
    try:
        t_9 = environment.filters['percent']
    except KeyError:
        @internalcode
        def t_9(*unused):
            raise TemplateRuntimeError("No filter named 'percent' found.")
    try:
        t_10 = environment.filters['position']
    except KeyError:
        @internalcode
        def t_10(*unused):
            raise TemplateRuntimeError("No filter named 'position' found.")
    try:
        t_11 = environment.filters['rejectattr']
    except KeyError:
        @internalcode
        def t_11(*unused):
            raise TemplateRuntimeError("No filter named 'rejectattr' found.")
    try:
        t_12 = environment.filters['replace']
    except KeyError:
        @internalcode
        def t_12(*unused):
            raise TemplateRuntimeError("No filter named 'replace' found.")
    try:
        t_13 = environment.filters['resolution']
    except KeyError:
        @internalcode
        def t_13(*unused):
            raise TemplateRuntimeError("No filter named 'resolution' found.")
    try:
        t_14 = environment.filters['section']
    except KeyError:
        @internalcode
        def t_14(*unused):
            raise TemplateRuntimeError("No filter named 'section' found.")
    try:
        t_15 = environment.filters['select']
    except KeyError:
        @internalcode
        def t_15(*unused):
            raise TemplateRuntimeError("No filter named 'select' found.")
    try:
        t_16 = environment.filters['selectattr']
    except KeyError:
        @internalcode
        def t_16(*unused):
            raise TemplateRuntimeError("No filter named 'selectattr' found.")
    try:
        t_17 = environment.filters['size']
    except KeyError:
        @internalcode
        def t_17(*unused):
            raise TemplateRuntimeError("No filter named 'size' found.")
    try:
        t_18 = environment.filters['sort']
    except KeyError:
        @internalcode
        def t_18(*unused):
            raise TemplateRuntimeError("No filter named 'sort' found.")
    try:
        t_19 = environment.filters['sum']
    except KeyError:
        @internalcode
        def t_19(*unused):
            raise TemplateRuntimeError("No filter named 'sum' found.")
    try:
        t_20 = environment.filters['trim']
    except KeyError:
        @internalcode
        def t_20(*unused):
            raise TemplateRuntimeError("No filter named 'trim' found.")
    try:
        t_21 = environment.filters['when']
    except KeyError:
        @internalcode
        def t_21(*unused):
            raise TemplateRuntimeError("No filter named 'when' found.")
    try:
        t_22 = environment.tests['defined']
    except KeyError:
        @internalcode
        def t_22(*unused):
            raise TemplateRuntimeError("No test named 'defined' found.")
    try:
        t_23 = environment.tests['none']
    except KeyError:
        @internalcode
        def t_23(*unused):
            raise TemplateRuntimeError("No test named 'none' found.")
    pass
    def macro(l_1_id):
        t_24 = []
        l_1_sections = resolve('sections')
        l_1_numbered = resolve('numbered')
        l_1_at = missing
        if l_1_id is missing:
            l_1_id = undefined("parameter 'id' was not provided", name='id')
        pass
        l_1_at = context.call(environment.getattr((undefined(name='sections') if l_1_sections is missing else l_1_sections), 'index'), l_1_id)
        t_24.extend((
            '<h2 id="',
            escape(l_1_id),
            '">',
        ))
        if ((undefined(name='at') if l_1_at is missing else l_1_at) < (undefined(name='numbered') if l_1_numbered is missing else l_1_numbered)):
            pass
            t_24.extend((
                '<span class="no">',
                escape(((undefined(name='at') if l_1_at is missing else l_1_at) + 1)),
                '</span> ',
            ))
        t_24.extend((
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join((l_1_id, '.title', )))),
            '</h2>',
        ))
        return concat(t_24)
    context.exported_vars.add('heading')
    context.vars['heading'] = l_0_heading = Macro(environment, macro, 'heading', ('id',), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_gap):
        t_25 = []
        l_1_w = resolve('w')
        if l_1_gap is missing:
            l_1_gap = undefined("parameter 'gap' was not provided", name='gap')
        pass
        t_25.append(
            escape(context.call((undefined(name='w') if l_1_w is missing else l_1_w), 'gap', environment.getattr(l_1_gap, 'code'), environment.getattr(l_1_gap, 'text'))),
        )
        if (environment.getattr(l_1_gap, 'about') != 'content'):
            pass
            t_25.extend((
                '<br class="t"><span class="second">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('about.', environment.getattr(l_1_gap, 'about'), )))),
                '</span>',
            ))
        return concat(t_25)
    context.exported_vars.add('gap_text')
    context.vars['gap_text'] = l_0_gap_text = Macro(environment, macro, 'gap_text', ('gap',), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_name, l_1_sums, l_1_parts):
        t_26 = []
        if l_1_name is missing:
            l_1_name = undefined("parameter 'name' was not provided", name='name')
        if l_1_sums is missing:
            l_1_sums = undefined("parameter 'sums' was not provided", name='sums')
        if l_1_parts is missing:
            l_1_parts = undefined("parameter 'parts' was not provided", name='parts')
        pass
        t_26.extend((
            '<table class="tight">\n<caption>',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join((l_1_name, 'title', )))),
            '</caption>\n<tbody>\n<tr><th scope="row">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join((l_1_name, 'seen', )))),
            '</th><td class="num strong">',
            escape(t_7(environment.getattr(l_1_sums, 'seen'))),
            '</td></tr>\n',
        ))
        def t_27(fiter):
            for l_2_part in fiter:
                if environment.getitem(l_1_sums, l_2_part):
                    yield l_2_part
        for l_2_part in t_27(l_1_parts):
            _loop_vars = {}
            pass
            t_26.extend((
                '<tr><th scope="row" class="part">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join((l_1_name, l_2_part, )), _loop_vars=_loop_vars)),
                '</th><td class="num">',
                escape(t_7(environment.getitem(l_1_sums, l_2_part))),
                '</td></tr>\n',
            ))
        l_2_part = missing
        if (t_22(environment.getattr(l_1_sums, 'members')) and environment.getattr(l_1_sums, 'members')):
            pass
            t_26.extend((
                '<tr><th scope="row">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join((l_1_name, 'members', )))),
                '</th><td class="num strong">',
                escape(t_7(environment.getattr(l_1_sums, 'members'))),
                '</td></tr>\n',
            ))
            def t_28(fiter):
                for l_2_part in fiter:
                    if environment.getitem(l_1_sums, l_2_part):
                        yield l_2_part
            for l_2_part in t_28(('members_digested', 'members_over_limit')):
                _loop_vars = {}
                pass
                t_26.extend((
                    '<tr><th scope="row" class="part">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join((l_1_name, l_2_part, )), _loop_vars=_loop_vars)),
                    '</th><td class="num">',
                    escape(t_7(environment.getitem(l_1_sums, l_2_part))),
                    '</td></tr>\n',
                ))
            l_2_part = missing
        t_26.append(
            '</tbody>\n</table>',
        )
        return concat(t_26)
    context.exported_vars.add('inside')
    context.vars['inside'] = l_0_inside = Macro(environment, macro, 'inside', ('name', 'sums', 'parts'), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_label, l_1_value, l_1_wide):
        t_29 = []
        if l_1_label is missing:
            l_1_label = undefined("parameter 'label' was not provided", name='label')
        if l_1_value is missing:
            l_1_value = undefined("parameter 'value' was not provided", name='value')
        if l_1_wide is missing:
            l_1_wide = False
        pass
        if l_1_value:
            pass
            t_29.append(
                '<div',
            )
            if l_1_wide:
                pass
                t_29.append(
                    ' class="wide"',
                )
            t_29.extend((
                '><dt>',
                escape(l_1_label),
                '</dt><dd><bdi>',
                escape(l_1_value),
                '</bdi></dd></div>\n',
            ))
        return concat(t_29)
    context.exported_vars.add('fact')
    context.vars['fact'] = l_0_fact = Macro(environment, macro, 'fact', ('label', 'value', 'wide'), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_row):
        t_30 = []
        if l_1_row is missing:
            l_1_row = undefined("parameter 'row' was not provided", name='row')
        pass
        if environment.getattr(l_1_row, 'code'):
            pass
            t_30.extend((
                '<bdi>',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'category.code', code=environment.getattr(l_1_row, 'code'))),
                '</bdi>',
            ))
        else:
            pass
            t_30.append(
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'category.none')),
            )
        return concat(t_30)
    context.exported_vars.add('category')
    context.vars['category'] = l_0_category = Macro(environment, macro, 'category', ('row',), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_kind, l_1_row):
        t_31 = []
        l_1_known = missing
        if l_1_kind is missing:
            l_1_kind = undefined("parameter 'kind' was not provided", name='kind')
        if l_1_row is missing:
            l_1_row = undefined("parameter 'row' was not provided", name='row')
        pass
        l_1_known = (environment.getattr(l_1_row, 'code') or (environment.getattr(l_1_row, 'verdict') not in ('uncategorised', 'notable_other')))
        if ((l_1_kind != 'notable') or (undefined(name='known') if l_1_known is missing else l_1_known)):
            pass
            t_31.append(
                '<br class="t"><span class="second">',
            )
            if (l_1_kind != 'notable'):
                pass
                t_31.append(
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('kind.', l_1_kind, )))),
                )
                if (undefined(name='known') if l_1_known is missing else l_1_known):
                    pass
                    t_31.append(
                        ': ',
                    )
            if (undefined(name='known') if l_1_known is missing else l_1_known):
                pass
                t_31.append(
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('item_verdict.', environment.getattr(l_1_row, 'verdict'), )))),
                )
            t_31.append(
                '</span>',
            )
        return concat(t_31)
    context.exported_vars.add('standing')
    context.vars['standing'] = l_0_standing = Macro(environment, macro, 'standing', ('kind', 'row'), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_name, l_1_issuer, l_1_edition):
        t_32 = []
        if l_1_name is missing:
            l_1_name = undefined("parameter 'name' was not provided", name='name')
        if l_1_issuer is missing:
            l_1_issuer = undefined("parameter 'issuer' was not provided", name='issuer')
        if l_1_edition is missing:
            l_1_edition = undefined("parameter 'edition' was not provided", name='edition')
        pass
        t_32.extend((
            '<bdi>',
            escape(l_1_name),
            '</bdi>, ',
        ))
        if l_1_issuer:
            pass
            t_32.extend((
                '<bdi>',
                escape(l_1_issuer),
                '</bdi>',
            ))
        else:
            pass
            t_32.append(
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'set.no_issuer')),
            )
        t_32.append(
            ', ',
        )
        if l_1_edition:
            pass
            t_32.extend((
                '<bdi>',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'set.edition', edition=l_1_edition)),
                '</bdi>',
            ))
        else:
            pass
            t_32.append(
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'set.no_edition')),
            )
        return concat(t_32)
    context.exported_vars.add('set_name')
    context.vars['set_name'] = l_0_set_name = Macro(environment, macro, 'set_name', ('name', 'issuer', 'edition'), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_x):
        t_33 = []
        if l_1_x is missing:
            l_1_x = undefined("parameter 'x' was not provided", name='x')
        pass
        l_2_loop = missing
        for l_2_c, l_2_loop in LoopContext(environment.getattr(l_1_x, 'compared'), undefined):
            l_2_w = resolve('w')
            _loop_vars = {}
            pass
            t_33.extend((
                '<li>',
                escape(context.call((undefined(name='set_name') if l_0_set_name is missing else l_0_set_name), environment.getattr(l_2_c, 'name'), environment.getattr(l_2_c, 'issuer'), environment.getattr(l_2_c, 'edition'), _loop_vars=_loop_vars)),
                ' (',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('kind.', environment.getattr(l_2_c, 'kind'), )), _loop_vars=_loop_vars)),
                ')',
            ))
            if (environment.getattr(l_2_c, 'signature') == 'failed'):
                pass
                t_33.extend((
                    ', <span class="strong">',
                    escape(context.call((undefined(name='w') if l_2_w is missing else l_2_w), 'signature', environment.getattr(l_2_c, 'signature'), _loop_vars=_loop_vars)),
                    '</span>',
                ))
            if (environment.getattr(l_2_c, 'state') != 'active'):
                pass
                t_33.extend((
                    ', <span class="strong">',
                    escape(context.call((undefined(name='w') if l_2_w is missing else l_2_w), 'set_state', environment.getattr(l_2_c, 'state'), _loop_vars=_loop_vars)),
                    '</span>',
                ))
            if (not environment.getattr(l_2_c, 'every_source')):
                pass
                t_33.extend((
                    ', <span class="strong">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'compared.only', _loop_vars=_loop_vars)),
                    ' ',
                ))
                l_3_loop = missing
                for l_3_label, l_3_loop in LoopContext(environment.getattr(l_2_c, 'sources')[:12], undefined):
                    _loop_vars = {}
                    pass
                    t_33.extend((
                        '<bdi>',
                        escape(l_3_label),
                        '</bdi>',
                    ))
                    if (not environment.getattr(l_3_loop, 'last')):
                        pass
                        t_33.append(
                            ', ',
                        )
                l_3_loop = l_3_label = missing
                if (t_3(environment.getattr(l_2_c, 'sources')) > 12):
                    pass
                    t_33.extend((
                        ' … (',
                        escape(t_7(t_3(environment.getattr(l_2_c, 'sources')))),
                        ')',
                    ))
                t_33.append(
                    '</span>',
                )
            t_33.append(
                '</li>\n',
            )
        l_2_loop = l_2_c = l_2_w = missing
        return concat(t_33)
    context.exported_vars.add('compared')
    context.vars['compared'] = l_0_compared = Macro(environment, macro, 'compared', ('x',), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_b):
        t_34 = []
        if l_1_b is missing:
            l_1_b = undefined("parameter 'b' was not provided", name='b')
        pass
        if environment.getattr(l_1_b, 'closes'):
            pass
            t_34.append(
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.blocks_parts', items=t_7(environment.getitem(l_1_b, 'items')), file_slack=t_7(environment.getattr(l_1_b, 'file_slack')), volume_slack=t_7(environment.getattr(l_1_b, 'volume_slack')), unallocated=t_7(environment.getattr(l_1_b, 'unallocated')), metadata=t_7(environment.getattr(l_1_b, 'metadata')), unreadable=t_7(environment.getattr(l_1_b, 'unreadable')))),
            )
            if environment.getattr(l_1_b, 'unclaimed'):
                pass
                t_34.extend((
                    ' ',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.blocks_unclaimed', bytes=t_7(environment.getattr(l_1_b, 'unclaimed')))),
                ))
            if environment.getattr(l_1_b, 'undivided'):
                pass
                t_34.extend((
                    ' ',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.blocks_undivided', bytes=t_7(environment.getattr(l_1_b, 'undivided')))),
                ))
            if environment.getattr(l_1_b, 'claimed_free'):
                pass
                t_34.append(
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.blocks_contrary', bytes=t_7(environment.getattr(l_1_b, 'claimed_free')))),
                )
        else:
            pass
            t_34.append(
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.blocks_open')),
            )
        return concat(t_34)
    context.exported_vars.add('bytes_of')
    context.vars['bytes_of'] = l_0_bytes_of = Macro(environment, macro, 'bytes_of', ('b',), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_ranges):
        t_35 = []
        if l_1_ranges is missing:
            l_1_ranges = undefined("parameter 'ranges' was not provided", name='ranges')
        pass
        l_2_loop = missing
        for l_2_span, l_2_loop in LoopContext(l_1_ranges, undefined):
            _loop_vars = {}
            pass
            if (not environment.getattr(l_2_loop, 'first')):
                pass
                t_35.append(
                    ', ',
                )
            else:
                pass
                t_35.append(
                    ' ',
                )
            t_35.extend((
                '<span class="nowrap">',
                escape(t_10(environment.getattr(l_2_span, 'start'))),
                '–',
                escape(t_10(environment.getattr(l_2_span, 'end'))),
                '</span>',
            ))
        l_2_loop = l_2_span = missing
        return concat(t_35)
    context.exported_vars.add('spans')
    context.vars['spans'] = l_0_spans = Macro(environment, macro, 'spans', ('ranges',), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_rate):
        t_36 = []
        if l_1_rate is missing:
            l_1_rate = undefined("parameter 'rate' was not provided", name='rate')
        pass
        t_36.append(
            '<p>',
        )
        if (environment.getattr(l_1_rate, 'source') == 'laboratory'):
            pass
            t_36.append(
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'rates.laboratory', laboratory=environment.getattr(l_1_rate, 'laboratory'), pictures=t_7(environment.getattr(l_1_rate, 'pictures')), date=t_21(environment.getattr(l_1_rate, 'measured')), name=environment.getattr(l_1_rate, 'name'))),
            )
        else:
            pass
            t_36.extend((
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), ('rates.none_asked' if (environment.getattr(l_1_rate, 'asked') == 'none') else 'rates.none'))),
                ' ',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'rates.program', pictures=t_7(environment.getattr(l_1_rate, 'pictures')), name=environment.getattr(l_1_rate, 'name'))),
            ))
        if environment.getattr(l_1_rate, 'unfinished'):
            pass
            t_36.extend((
                ' ',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'rates.unfinished')),
            ))
        t_36.extend((
            ' ',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'rates.edited', edited=t_7(environment.getattr(l_1_rate, 'edited')), edits=t_7(environment.getattr(l_1_rate, 'edits')))),
        ))
        for l_2_f in environment.getattr(l_1_rate, 'found'):
            _loop_vars = {}
            pass
            if (environment.getattr(l_2_f, 'bits') == 31):
                pass
                t_36.extend((
                    ' ',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('rates_found.', 'tier', environment.getattr(l_2_f, 'tier'), )), percent=t_9(environment.getattr(l_2_f, 'percent')), low=t_9(environment.getattr(l_2_f, 'low')), high=t_9(environment.getattr(l_2_f, 'high')), _loop_vars=_loop_vars)),
                ))
        l_2_f = missing
        for l_2_p in environment.getattr(l_1_rate, 'false_pairs'):
            l_2_w = resolve('w')
            _loop_vars = {}
            pass
            if (environment.getattr(l_2_p, 'bits') == 31):
                pass
                t_36.extend((
                    ' ',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), ('rates.pairs' if environment.getattr(l_2_p, 'pairs') else 'rates.no_pairs'), what=context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('rates_of.', environment.getattr(l_2_p, 'of'), )), what=context.call((undefined(name='w') if l_2_w is missing else l_2_w), 'look_alikes', environment.getattr(l_2_p, 'what'), _loop_vars=_loop_vars), _loop_vars=_loop_vars), tier=context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('rates_by.', 'tier', environment.getattr(l_2_p, 'tier'), )), _loop_vars=_loop_vars), pairs=t_7(environment.getattr(l_2_p, 'pairs')), comparisons=t_7(environment.getattr(l_2_p, 'comparisons')), bound=t_9(environment.getattr(l_2_p, 'bound')), _loop_vars=_loop_vars)),
                ))
        l_2_p = l_2_w = missing
        t_36.extend((
            ' ',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'rates.only')),
            '</p>',
        ))
        return concat(t_36)
    context.exported_vars.add('error_rate')
    context.vars['error_rate'] = l_0_error_rate = Macro(environment, macro, 'error_rate', ('rate',), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_text):
        t_37 = []
        if l_1_text is missing:
            l_1_text = undefined("parameter 'text' was not provided", name='text')
        pass
        t_37.append(
            '<bdi',
        )
        if (t_3(l_1_text) <= 16):
            pass
            t_37.append(
                ' class="nowrap"',
            )
        t_37.extend((
            '>',
            escape(l_1_text),
            '</bdi>',
        ))
        return concat(t_37)
    context.exported_vars.add('label')
    context.vars['label'] = l_0_label = Macro(environment, macro, 'label', ('text',), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_label, l_1_caller):
        t_38 = []
        if l_1_label is missing:
            l_1_label = undefined("parameter 'label' was not provided", name='label')
        pass
        t_38.extend((
            '<div class="scroll" role="region" tabindex="0" aria-label="',
            escape(l_1_label),
            '">\n',
            escape(context.call(l_1_caller)),
            '</div>',
        ))
        return concat(t_38)
    context.exported_vars.add('region')
    context.vars['region'] = l_0_region = Macro(environment, macro, 'region', ('label',), False, False, True, context.eval_ctx.autoescape)
    def macro(l_1_index, l_1_x, l_1_width):
        t_39 = []
        if l_1_index is missing:
            l_1_index = undefined("parameter 'index' was not provided", name='index')
        if l_1_x is missing:
            l_1_x = undefined("parameter 'x' was not provided", name='x')
        if l_1_width is missing:
            l_1_width = undefined("parameter 'width' was not provided", name='width')
        pass
        if l_1_index:
            pass
            t_39.extend((
                '<rect class="rest" x="',
                escape(l_1_x),
                '" width="',
                escape(l_1_width),
                '" height="20"/>',
            ))
            if (l_1_index < 3):
                pass
                t_39.extend((
                    '<rect fill="url(#',
                    escape(environment.getitem(('', 'hatch', 'dots'), l_1_index)),
                    ')" x="',
                    escape(l_1_x),
                    '" width="',
                    escape(l_1_width),
                    '" height="20"/>',
                ))
            t_39.extend((
                '<rect class="edge" x="',
                escape(l_1_x),
                '" width="',
                escape(l_1_width),
                '" height="20"/>',
            ))
        else:
            pass
            t_39.extend((
                '<rect class="bar" x="',
                escape(l_1_x),
                '" width="',
                escape(l_1_width),
                '" height="20"/>',
            ))
        return concat(t_39)
    context.exported_vars.add('fill')
    context.vars['fill'] = l_0_fill = Macro(environment, macro, 'fill', ('index', 'x', 'width'), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_section):
        t_40 = []
        l_1_charts = resolve('charts')
        if l_1_section is missing:
            l_1_section = undefined("parameter 'section' was not provided", name='section')
        pass
        def t_41(fiter):
            for l_2_chart in fiter:
                if (environment.getattr(l_2_chart, 'section') == l_1_section):
                    yield l_2_chart
        l_2_loop = missing
        for l_2_chart, l_2_loop in LoopContext(t_41((undefined(name='charts') if l_1_charts is missing else l_1_charts)), undefined):
            _loop_vars = {}
            pass
            def macro():
                t_42 = []
                pass
                t_42.extend((
                    '<table class="chart ',
                    escape(environment.getattr(l_2_chart, 'kind')),
                    '" id="chart-',
                    escape(environment.getattr(l_2_chart, 'id')),
                    '">\n<caption>',
                    escape(environment.getattr(l_2_chart, 'title')),
                    '</caption>\n<thead><tr><th scope="col">',
                    escape(environment.getitem(environment.getattr(l_2_chart, 'head'), 0)),
                    '</th><td></td>',
                ))
                l_4_loop = missing
                for l_4_name, l_4_loop in LoopContext(environment.getattr(l_2_chart, 'head')[1:], undefined):
                    _loop_vars = {}
                    pass
                    t_42.append(
                        '<th scope="col"',
                    )
                    if (environment.getattr(l_2_chart, 'kind') != 'timeline'):
                        pass
                        t_42.append(
                            ' class="num"',
                        )
                    t_42.append(
                        '>',
                    )
                    if environment.getattr(l_2_chart, 'stacked'):
                        pass
                        t_42.extend((
                            '<span class="key"><svg viewBox="0 0 40 20" preserveAspectRatio="none" aria-hidden="true" focusable="false">',
                            escape(context.call((undefined(name='fill') if l_0_fill is missing else l_0_fill), environment.getattr(l_4_loop, 'index0'), 0, 40, _loop_vars=_loop_vars)),
                            '</svg></span>',
                        ))
                    t_42.extend((
                        escape(l_4_name),
                        '</th>',
                    ))
                l_4_loop = l_4_name = missing
                t_42.append(
                    '</tr></thead>\n<tbody>\n',
                )
                l_4_loop = missing
                for l_4_row, l_4_loop in LoopContext(environment.getattr(l_2_chart, 'rows'), undefined):
                    l_4_ns = l_0_ns
                    l_4_at = missing
                    _loop_vars = {}
                    pass
                    t_42.extend((
                        '<tr><th scope="row"><bdi>',
                        escape(environment.getattr(l_4_row, 'label')),
                        '</bdi></th><td class="draw"><svg viewBox="0 0 1000 20" preserveAspectRatio="none" aria-hidden="true" focusable="false"><rect class="track" width="1000" height="20"/>',
                    ))
                    l_4_ns = context.call((undefined(name='namespace') if l_0_namespace is missing else l_0_namespace), x=environment.getattr(l_4_row, 'start'), _loop_vars=_loop_vars)
                    _loop_vars['ns'] = l_4_ns
                    l_5_loop = missing
                    for l_5_part, l_5_loop in LoopContext(environment.getattr(l_4_row, 'parts'), undefined):
                        _loop_vars = {}
                        pass
                        if l_5_part:
                            pass
                            t_42.append(
                                escape(context.call((undefined(name='fill') if l_0_fill is missing else l_0_fill), environment.getattr(l_5_loop, 'index0'), environment.getattr((undefined(name='ns') if l_4_ns is missing else l_4_ns), 'x'), l_5_part, _loop_vars=_loop_vars)),
                            )
                            if not isinstance(l_4_ns, Namespace):
                                raise TemplateRuntimeError("cannot assign attribute on non-namespace object")
                            l_4_ns['x'] = (environment.getattr((undefined(name='ns') if l_4_ns is missing else l_4_ns), 'x') + l_5_part)
                    l_5_loop = l_5_part = missing
                    t_42.append(
                        '</svg></td>',
                    )
                    for l_5_value in environment.getattr(l_4_row, 'values'):
                        _loop_vars = {}
                        pass
                        t_42.append(
                            '<td',
                        )
                        if (environment.getattr(l_2_chart, 'kind') != 'timeline'):
                            pass
                            t_42.append(
                                ' class="num"',
                            )
                        t_42.extend((
                            '><bdi>',
                            escape(l_5_value),
                            '</bdi></td>',
                        ))
                    l_5_value = missing
                    t_42.append(
                        '</tr>\n',
                    )
                    l_4_at = environment.getattr(l_4_loop, 'index')
                    _loop_vars['at'] = l_4_at
                    def t_43(fiter):
                        for l_5_line in fiter:
                            if (environment.getattr(l_5_line, 'after') == (undefined(name='at') if l_4_at is missing else l_4_at)):
                                yield l_5_line
                    for l_5_line in t_43(environment.getattr(l_2_chart, 'lines')):
                        _loop_vars = {}
                        pass
                        t_42.extend((
                            '<tr class="line"><th scope="row" colspan="',
                            escape((1 + t_3(environment.getattr(l_2_chart, 'head')))),
                            '"><span>',
                            escape(environment.getattr(l_5_line, 'label')),
                            '</span></th></tr>\n',
                        ))
                    l_5_line = missing
                l_4_loop = l_4_row = l_4_ns = l_4_at = missing
                t_42.append(
                    '</tbody>\n</table>\n',
                )
                if environment.getattr(l_2_chart, 'note'):
                    pass
                    t_42.extend((
                        '<p class="scope note under">',
                        escape(environment.getattr(l_2_chart, 'note')),
                        '</p>\n',
                    ))
                return concat(t_42)
            caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
            t_40.append(context.call((undefined(name='region') if l_0_region is missing else l_0_region), environment.getattr(l_2_chart, 'title'), caller=caller, _loop_vars=_loop_vars))
            t_40.append(
                '\n',
            )
        l_2_loop = l_2_chart = missing
        return concat(t_40)
    context.exported_vars.add('draw')
    context.vars['draw'] = l_0_draw = Macro(environment, macro, 'draw', ('section',), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_told, l_1_title):
        t_44 = []
        if l_1_told is missing:
            l_1_told = undefined("parameter 'told' was not provided", name='told')
        if l_1_title is missing:
            l_1_title = undefined("parameter 'title' was not provided", name='title')
        pass
        def macro():
            t_45 = []
            pass
            t_45.extend((
                '<table class="broad">\n<thead><tr><th scope="col" class="num">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'custody.event')),
                '</th><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'custody.time')),
                '</th><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'custody.act')),
                '</th><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'custody.of')),
                '</th><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'custody.details')),
                '</th></tr></thead>\n<tbody>\n',
            ))
            l_3_loop = missing
            for l_3_a, l_3_loop in LoopContext(l_1_told[:(undefined(name='rows') if l_0_rows is missing else l_0_rows)], undefined):
                _loop_vars = {}
                pass
                t_45.extend((
                    '<tr><td class="num">',
                    escape(t_7(environment.getattr(l_3_a, 'seq'))),
                    '</td><td>',
                    escape(t_21(environment.getattr(l_3_a, 'time'))),
                    '</td><th scope="row">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('act.', t_12(context.eval_ctx, environment.getattr(l_3_a, 'type'), '.', '_'), )), _loop_vars=_loop_vars)),
                    '<br class="t"><span class="second"><bdi>',
                    escape(environment.getattr(l_3_a, 'actor')),
                    '</bdi></span></th><td>',
                ))
                l_4_loop = missing
                for l_4_each, l_4_loop in LoopContext(environment.getattr(l_3_a, 'of'), undefined):
                    _loop_vars = {}
                    pass
                    t_45.extend((
                        '<bdi>',
                        escape(l_4_each),
                        '</bdi>',
                    ))
                    if (not environment.getattr(l_4_loop, 'last')):
                        pass
                        t_45.append(
                            ', ',
                        )
                l_4_loop = l_4_each = missing
                t_45.append(
                    '</td><td>',
                )
                for l_4_f in environment.getattr(l_3_a, 'fields'):
                    _loop_vars = {}
                    pass
                    t_45.extend((
                        '<br class="t"><span class="second">',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('act_field.', environment.getattr(l_4_f, 'name'), )), _loop_vars=_loop_vars)),
                        ': <bdi>',
                        escape(environment.getattr(l_4_f, 'value')),
                        '</bdi></span>',
                    ))
                l_4_f = missing
                for l_4_person in environment.getattr(l_3_a, 'signed'):
                    _loop_vars = {}
                    pass
                    t_45.extend((
                        '<br class="t"><span class="second">',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'custody.signed', _loop_vars=_loop_vars)),
                        ' <bdi>',
                        escape(l_4_person),
                        '</bdi></span>',
                    ))
                l_4_person = missing
                for l_4_person in environment.getattr(l_3_a, 'unsigned'):
                    _loop_vars = {}
                    pass
                    t_45.extend((
                        '<br class="t"><span class="second strong">',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'custody.unsigned', _loop_vars=_loop_vars)),
                        ' <bdi>',
                        escape(l_4_person),
                        '</bdi></span>',
                    ))
                l_4_person = missing
                t_45.append(
                    '</td></tr>\n',
                )
            l_3_loop = l_3_a = missing
            t_45.append(
                '</tbody>\n</table>\n',
            )
            return concat(t_45)
        caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
        t_44.append(context.call((undefined(name='region') if l_0_region is missing else l_0_region), l_1_title, caller=caller))
        if (t_3(l_1_told) > (undefined(name='rows') if l_0_rows is missing else l_0_rows)):
            pass
            t_44.extend((
                '<p class="scope">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'custody.more', count=t_7((t_3(l_1_told) - (undefined(name='rows') if l_0_rows is missing else l_0_rows))))),
                '</p>',
            ))
        return concat(t_44)
    context.exported_vars.add('acts')
    context.vars['acts'] = l_0_acts = Macro(environment, macro, 'acts', ('told', 'title'), False, False, False, context.eval_ctx.autoescape)
    def macro():
        t_46 = []
        l_1_sections = resolve('sections')
        pass
        t_46.extend((
            '<div class="always">\n<h3>',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'always.title')),
            '</h3>\n<p class="first">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'always.unlisted')),
            '</p>\n<p>',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('perceptual.', environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'perceptual'), )))),
            '</p>\n<p>',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('unallocated_always.', environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'coverage'), 'unallocated'), )))),
            '</p>\n<p>',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'always.percent')),
            '</p>\n</div>\n<nav aria-label="',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.contents')),
            '">\n<p class="label">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.contents')),
            '</p>\n<ol>\n',
        ))
        l_2_loop = missing
        for l_2_id, l_2_loop in LoopContext((undefined(name='sections') if l_1_sections is missing else l_1_sections), undefined):
            l_2_numbered = resolve('numbered')
            _loop_vars = {}
            pass
            t_46.append(
                '<li><span class="no">',
            )
            if (environment.getattr(l_2_loop, 'index') <= (undefined(name='numbered') if l_2_numbered is missing else l_2_numbered)):
                pass
                t_46.append(
                    escape(environment.getattr(l_2_loop, 'index')),
                )
            t_46.extend((
                '</span> <a href="#',
                escape(l_2_id),
                '">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join((l_2_id, '.title', )), _loop_vars=_loop_vars)),
                '</a></li>\n',
            ))
        l_2_loop = l_2_id = l_2_numbered = missing
        t_46.append(
            '</ol>\n</nav>',
        )
        return concat(t_46)
    context.exported_vars.add('always')
    context.vars['always'] = l_0_always = Macro(environment, macro, 'always', (), False, False, False, context.eval_ctx.autoescape)
    yield '<!DOCTYPE html>\n<html lang="'
    yield escape((undefined(name='language') if l_0_language is missing else l_0_language))
    yield '">\n<head>\n<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'sha256-'
    yield escape((undefined(name='style_digest') if l_0_style_digest is missing else l_0_style_digest))
    yield '\'; img-src data:; base-uri \'none\'; form-action \'none\'">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="referrer" content="no-referrer">\n<meta name="robots" content="noindex">\n<meta name="color-scheme" content="light">\n<title>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.title', number=environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'number')))
    if environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'reference'):
        pass
        yield ' · '
        yield escape(environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'reference'))
    yield '</title>\n<style>'
    yield escape((undefined(name='style') if l_0_style is missing else l_0_style))
    yield '</style>\n</head>\n<body>\n<a class="skip" href="#result">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.skip'))
    yield '</a>\n<svg class="defs" width="1" height="1" aria-hidden="true" focusable="false"><defs><pattern id="hatch" width="10" height="20" patternUnits="userSpaceOnUse"><path class="hatch" d="M-2 24 L12 -4 M-12 24 L2 -4 M8 24 L22 -4"/></pattern><pattern id="dots" width="8" height="10" patternUnits="userSpaceOnUse"><rect class="dot" x="2" y="3" width="3" height="4"/></pattern></defs></svg>\n<main>\n<header>\n<p class="kicker">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.kicker'))
    yield '</p>\n<h1>'
    if environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'reference'):
        pass
        yield '<bdi>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.case', reference=environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'reference')))
        yield '</bdi>'
    else:
        pass
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.case_unnamed'))
    yield '</h1>\n<p class="sub">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.report'))
    yield ' <bdi>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.version', number=environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'number'), version=environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'version')))
    yield '</bdi>'
    if environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'replaces'):
        pass
        yield '. <bdi>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.replaces', report=environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'replaces')))
        yield '</bdi>'
    yield '</p>\n'
    if (environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'level') == 'sealed'):
        pass
        yield '<div class="alert">\n<p class="lead">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'level.sealed', recipient=environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'recipient')))
        yield '</p>\n<p>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'statement.sealed', recipient=environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'recipient')))
        yield '</p>\n</div>\n'
    if (environment.getattr(environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'signer'), 'kind') == 'case-local'):
        pass
        yield '<div class="alert">\n<p class="lead">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'signer.unsigned_title'))
        yield '</p>\n<p>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'signer.unsigned'))
        yield '</p>\n</div>\n'
    elif (environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'recipients') == 1):
        pass
        yield '<div class="alert">\n<p class="lead">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'signer.alone_title'))
        yield '</p>\n<p>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'signer.alone'))
        yield '</p>\n</div>\n'
    if (not environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'coverage'), 'closes')):
        pass
        yield '<div class="alert">\n<p class="lead">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.equation'))
        yield ': '
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.does_not_close'))
        yield '</p>\n<p>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.equation_text'))
        yield '</p>\n</div>\n'
    yield '<dl class="facts">\n'
    if environment.getattr((undefined(name='said') if l_0_said is missing else l_0_said), 'classification'):
        pass
        yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.classification'), environment.getattr((undefined(name='said') if l_0_said is missing else l_0_said), 'classification')))
    if (environment.getattr((undefined(name='lab') if l_0_lab is missing else l_0_lab), 'name') or environment.getattr(environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'signer'), 'laboratory')):
        pass
        yield '<div><dt>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.laboratory'))
        yield '</dt><dd><bdi>'
        yield escape((environment.getattr((undefined(name='lab') if l_0_lab is missing else l_0_lab), 'name') or environment.getattr(environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'signer'), 'laboratory')))
        yield '</bdi>'
        def t_47(fiter):
            for l_1_text in fiter:
                if l_1_text:
                    yield l_1_text
        for l_1_text in t_47((environment.getattr((undefined(name='lab') if l_0_lab is missing else l_0_lab), 'address'), environment.getattr((undefined(name='lab') if l_0_lab is missing else l_0_lab), 'contact'))):
            _loop_vars = {}
            pass
            yield '<br class="t"><span class="second"><bdi>'
            yield escape(l_1_text)
            yield '</bdi></span>'
        l_1_text = missing
        yield '</dd></div>\n'
    if environment.getattr((undefined(name='lab') if l_0_lab is missing else l_0_lab), 'accreditation'):
        pass
        yield '<div><dt>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.accreditation'))
        yield '</dt><dd><bdi>'
        yield escape(environment.getattr((undefined(name='lab') if l_0_lab is missing else l_0_lab), 'accreditation'))
        yield '</bdi>'
        if environment.getattr((undefined(name='lab') if l_0_lab is missing else l_0_lab), 'scope'):
            pass
            yield '<br class="t"><span class="second"><bdi>'
            yield escape(environment.getattr((undefined(name='lab') if l_0_lab is missing else l_0_lab), 'scope'))
            yield '</bdi></span>'
        yield '<br class="t"><span class="second'
        if (environment.getattr((undefined(name='lab') if l_0_lab is missing else l_0_lab), 'method_in_scope') == False):
            pass
            yield ' strong'
        yield '">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), ('front.in_scope' if environment.getattr((undefined(name='lab') if l_0_lab is missing else l_0_lab), 'method_in_scope') else ('front.scope_not_stated' if t_23(environment.getattr((undefined(name='lab') if l_0_lab is missing else l_0_lab), 'method_in_scope')) else 'front.not_in_scope'))))
        yield '</span></dd></div>\n'
    yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.customer'), environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'customer')))
    yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.authority'), (markup_join((environment.getattr(environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'authority'), 'kind'), ' ', environment.getattr(environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'authority'), 'reference'), )) if environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'authority') else context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'format.not_stated'))))
    yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.received'), environment.getattr((undefined(name='said') if l_0_said is missing else l_0_said), 'received')))
    yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.examined_from'), (t_21(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'examined_from')) if environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'examined_from') else context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'format.not_stated'))))
    yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.examined_to'), (t_21(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'examined_to')) if environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'examined_to') else context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'format.not_stated'))))
    yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.issued'), t_21(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'issued'))))
    yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.examiner'), environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'examiner')))
    yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.reviewer'), environment.getattr((undefined(name='said') if l_0_said is missing else l_0_said), 'reviewer')))
    yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.authorised_by'), (environment.getattr((undefined(name='said') if l_0_said is missing else l_0_said), 'authorised_by') or context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.nobody'))))
    yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.level'), context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('level.', environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'level'), )), recipient=environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'recipient'))))
    yield '</dl>\n<dl class="mark">\n<div><dt>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.ledger'))
    yield '</dt><dd class="mono">'
    yield escape(environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'ledger')[:8])
    yield '</dd></div>\n<div class="wide"><dt>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.state'))
    yield '</dt><dd'
    if environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'checkpoint'):
        pass
        yield ' class="mono"'
    yield '>'
    if environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'checkpoint'):
        pass
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.checkpoint_value', size=t_7(environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'checkpoint'), 'size')), root=t_1(environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'checkpoint'), 'root'))))
    else:
        pass
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.unmarked'))
    yield '</dd></div>\n'
    if environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'checkpoint'):
        pass
        yield '<div><dt>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.anchoring'))
        yield '</dt><dd>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('anchoring.', environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'checkpoint'), 'anchoring'), ))))
        yield '</dd></div>\n<div class="code"><dt>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.code'))
        yield '</dt><dd>'
        yield escape((undefined(name='code') if l_0_code is missing else l_0_code))
        yield '</dd></div>\n'
    yield '</dl>\n</header>\n\n'
    yield escape(context.call((undefined(name='heading') if l_0_heading is missing else l_0_heading), 'result'))
    yield '\n'
    if (t_3(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'exhibits')) > 1):
        pass
        def macro():
            t_48 = []
            pass
            t_48.extend((
                '<table class="tight">\n<caption>',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.overview')),
                '</caption>\n<thead><tr><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.exhibit')),
                '</th><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.word')),
                '</th><th scope="col" class="num">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.share')),
                '</th><th scope="col" class="num">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.matched')),
                '</th><th scope="col" class="num">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.gaps')),
                '</th><th scope="col" class="num">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.areas')),
                '</th><th scope="col" class="num">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.left_out')),
                '</th></tr></thead>\n<tbody>\n',
            ))
            l_2_loop = missing
            for l_2_x, l_2_loop in LoopContext(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'exhibits'), undefined):
                l_2_match_total = resolve('match_total')
                l_2_gap_rows = resolve('gap_rows')
                l_2_skipped = missing
                _loop_vars = {}
                pass
                l_2_skipped = t_3(t_4(context.eval_ctx, t_16(context, environment.getattr(environment.getattr(l_2_x, 'coverage'), 'areas'), 'policy')))
                _loop_vars['skipped'] = l_2_skipped
                t_48.extend((
                    '<tr><th scope="row"><bdi>',
                    escape(environment.getattr(l_2_x, 'label')),
                    '</bdi></th><td class="strong wide">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('verdict.', environment.getattr(environment.getattr(l_2_x, 'verdict'), 'word'), )), _loop_vars=_loop_vars)),
                ))
                def t_49(fiter):
                    for l_3_s in fiter:
                        if environment.getattr(l_3_s, 'alarms'):
                            yield l_3_s
                l_3_loop = missing
                for l_3_s, l_3_loop in LoopContext(t_49(environment.getattr(l_2_x, 'sources')), undefined):
                    _loop_vars = {}
                    pass
                    t_48.append(
                        '<br class="t"><span class="second alarm">',
                    )
                    l_4_loop = missing
                    for l_4_code, l_4_loop in LoopContext(environment.getattr(l_3_s, 'alarms'), undefined):
                        _loop_vars = {}
                        pass
                        t_48.extend((
                            '<bdi>',
                            escape(environment.getattr(l_3_s, 'label')),
                            '</bdi>: ',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('source_state.', l_4_code, )), _loop_vars=_loop_vars)),
                        ))
                        if (not environment.getattr(l_4_loop, 'last')):
                            pass
                            t_48.append(
                                '; ',
                            )
                    l_4_loop = l_4_code = missing
                    t_48.append(
                        '</span>',
                    )
                l_3_loop = l_3_s = missing
                t_48.extend((
                    '</td><td class="num">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.share_value', percent=t_9(environment.getattr(environment.getattr(l_2_x, 'verdict'), 'percent_of_bytes')), _loop_vars=_loop_vars)),
                    '</td><td class="num">',
                ))
                if (context.call((undefined(name='match_total') if l_2_match_total is missing else l_2_match_total), l_2_x, _loop_vars=_loop_vars) or (environment.getattr(environment.getattr(l_2_x, 'verdict'), 'word') == 'no-match')):
                    pass
                    t_48.append(
                        escape(t_7(context.call((undefined(name='match_total') if l_2_match_total is missing else l_2_match_total), l_2_x, _loop_vars=_loop_vars))),
                    )
                else:
                    pass
                    t_48.append(
                        '–',
                    )
                t_48.append(
                    '</td><td class="num">',
                )
                if (environment.getattr(environment.getattr(l_2_x, 'verdict'), 'word') == 'unfinished'):
                    pass
                    t_48.append(
                        '–',
                    )
                else:
                    pass
                    t_48.append(
                        escape(t_7(t_19(environment, context.call((undefined(name='gap_rows') if l_2_gap_rows is missing else l_2_gap_rows), environment.getattr(l_2_x, 'coverage'), policy=False, _loop_vars=_loop_vars), attribute='count'))),
                    )
                t_48.append(
                    '</td><td class="num">',
                )
                if (environment.getattr(environment.getattr(l_2_x, 'verdict'), 'word') == 'unfinished'):
                    pass
                    t_48.append(
                        '–',
                    )
                else:
                    pass
                    t_48.append(
                        escape(t_7(t_3(t_4(context.eval_ctx, t_11(context, environment.getattr(environment.getattr(l_2_x, 'coverage'), 'areas'), 'policy'))))),
                    )
                t_48.append(
                    '</td><td class="num">',
                )
                if (environment.getattr(environment.getattr(l_2_x, 'verdict'), 'word') == 'unfinished'):
                    pass
                    t_48.append(
                        '–',
                    )
                else:
                    pass
                    t_48.append(
                        escape(t_7((t_19(environment, context.call((undefined(name='gap_rows') if l_2_gap_rows is missing else l_2_gap_rows), environment.getattr(l_2_x, 'coverage'), policy=True, _loop_vars=_loop_vars), attribute='count') + (undefined(name='skipped') if l_2_skipped is missing else l_2_skipped)))),
                    )
                    if (undefined(name='skipped') if l_2_skipped is missing else l_2_skipped):
                        pass
                        t_48.extend((
                            '<br class="t"><span class="second">',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.areas_of', count=t_7((undefined(name='skipped') if l_2_skipped is missing else l_2_skipped)), _loop_vars=_loop_vars)),
                            '</span>',
                        ))
                t_48.append(
                    '</td></tr>\n',
                )
            l_2_loop = l_2_x = l_2_skipped = l_2_match_total = l_2_gap_rows = missing
            t_48.append(
                '</tbody>\n</table>\n',
            )
            return concat(t_48)
        caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
        yield context.call((undefined(name='region') if l_0_region is missing else l_0_region), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.overview'), caller=caller)
    if (t_3(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'exhibits')) > 1):
        pass
        yield escape(context.call((undefined(name='always') if l_0_always is missing else l_0_always)))
        yield '\n'
    l_1_loop = missing
    for l_1_x, l_1_loop in LoopContext(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'exhibits'), undefined):
        l_1_gap_rows = resolve('gap_rows')
        l_1_area_rows = resolve('area_rows')
        l_1_candidates = resolve('candidates')
        l_1_meaning = resolve('meaning')
        l_1_pictures = l_1_containers = l_1_undecoded = missing
        _loop_vars = {}
        pass
        yield '<article class="exhibit '
        yield escape(environment.getattr(environment.getattr(l_1_x, 'verdict'), 'word'))
        yield '">\n<h3><bdi>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.exhibit_label', label=environment.getattr(l_1_x, 'label'), _loop_vars=_loop_vars))
        yield '</bdi>'
        if environment.getattr(l_1_x, 'description'):
            pass
            yield ' <span class="what"><bdi>'
            yield escape(environment.getattr(l_1_x, 'description'))
            yield '</bdi></span>'
        yield '</h3>\n'
        if t_4(context.eval_ctx, t_16(context, environment.getattr(l_1_x, 'sources'), 'alarms')):
            pass
            yield '<div class="alert">\n<p class="lead">'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'alarm.title', _loop_vars=_loop_vars))
            yield '</p>\n'
            for l_2_s in environment.getattr(l_1_x, 'sources'):
                _loop_vars = {}
                pass
                for l_3_code in environment.getattr(l_2_s, 'alarms'):
                    _loop_vars = {}
                    pass
                    yield '<p><bdi class="strong">'
                    yield escape(environment.getattr(l_2_s, 'label'))
                    yield '</bdi>: '
                    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('alarm.', l_3_code, )), _loop_vars=_loop_vars))
                    yield '</p>\n'
                l_3_code = missing
            l_2_s = missing
            yield '</div>\n'
        yield '<p class="word">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('verdict.', environment.getattr(environment.getattr(l_1_x, 'verdict'), 'word'), )), _loop_vars=_loop_vars))
        if environment.getattr(environment.getattr(l_1_x, 'verdict'), 'reasons'):
            pass
            yield ' <span class="why">('
            l_2_loop = missing
            for l_2_code, l_2_loop in LoopContext(environment.getattr(environment.getattr(l_1_x, 'verdict'), 'reasons'), undefined):
                l_2_w = resolve('w')
                _loop_vars = {}
                pass
                yield escape(context.call((undefined(name='w') if l_2_w is missing else l_2_w), 'reason', l_2_code, context.call((undefined(name='w') if l_2_w is missing else l_2_w), 'gap', l_2_code, _loop_vars=_loop_vars), _loop_vars=_loop_vars))
                if (not environment.getattr(l_2_loop, 'last')):
                    pass
                    yield '; '
            l_2_loop = l_2_code = l_2_w = missing
            yield ')</span>'
        yield '</p>\n<p class="scope">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'scope.line', percent=t_9(environment.getattr(environment.getattr(l_1_x, 'verdict'), 'percent_of_bytes')), comparable=t_7(environment.getattr(environment.getattr(l_1_x, 'verdict'), 'media_comparable')), seen=t_7(environment.getattr(environment.getattr(l_1_x, 'verdict'), 'media_seen')), _loop_vars=_loop_vars))
        yield '</p>\n'
        l_1_pictures = environment.getattr(environment.getattr(l_1_x, 'coverage'), 'pictures')
        _loop_vars['pictures'] = l_1_pictures
        l_1_containers = environment.getattr(environment.getattr(l_1_x, 'coverage'), 'containers')
        _loop_vars['containers'] = l_1_containers
        if environment.getattr((undefined(name='pictures') if l_1_pictures is missing else l_1_pictures), 'seen'):
            pass
            yield '<p class="scope">'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), ('scope.pictures' if (environment.getattr((undefined(name='pictures') if l_1_pictures is missing else l_1_pictures), 'compared') or environment.getattr((undefined(name='pictures') if l_1_pictures is missing else l_1_pictures), 'not_matchable')) else 'scope.pictures_alone'), decoded=t_7((environment.getattr((undefined(name='pictures') if l_1_pictures is missing else l_1_pictures), 'decoded') + environment.getattr((undefined(name='pictures') if l_1_pictures is missing else l_1_pictures), 'in_part'))), seen=t_7(environment.getattr((undefined(name='pictures') if l_1_pictures is missing else l_1_pictures), 'seen')), compared=t_7(environment.getattr((undefined(name='pictures') if l_1_pictures is missing else l_1_pictures), 'compared')), small=t_7(environment.getattr((undefined(name='pictures') if l_1_pictures is missing else l_1_pictures), 'not_matchable')), _loop_vars=_loop_vars))
            yield '</p>\n'
        if environment.getattr((undefined(name='containers') if l_1_containers is missing else l_1_containers), 'seen'):
            pass
            yield '<p class="scope">'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'scope.containers', opened=t_7(environment.getattr((undefined(name='containers') if l_1_containers is missing else l_1_containers), 'opened')), in_part=t_7(environment.getattr((undefined(name='containers') if l_1_containers is missing else l_1_containers), 'in_part')), seen=t_7(environment.getattr((undefined(name='containers') if l_1_containers is missing else l_1_containers), 'seen')), members=t_7(environment.getattr((undefined(name='containers') if l_1_containers is missing else l_1_containers), 'members')), digested=t_7(environment.getattr((undefined(name='containers') if l_1_containers is missing else l_1_containers), 'members_digested')), _loop_vars=_loop_vars))
            yield '</p>\n'
        if environment.getattr(environment.getattr(l_1_x, 'verdict'), 'unfinished'):
            pass
            for l_2_lane in environment.getattr(environment.getattr(l_1_x, 'coverage'), 'lanes'):
                _loop_vars = {}
                pass
                yield '<p class="scope">'
                yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'scope.lane', name=context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('lane.', environment.getattr(l_2_lane, 'name'), )), _loop_vars=_loop_vars), examined=t_7(environment.getattr(l_2_lane, 'examined')), items=t_7(environment.getattr(l_2_lane, 'streams')), percent=t_9(environment.getattr(l_2_lane, 'percent_of_bytes')), _loop_vars=_loop_vars))
                yield '</p>\n'
            l_2_lane = missing
            if environment.getattr(environment.getattr(l_1_x, 'coverage'), 'listings_open'):
                pass
                yield '<p class="scope strong">'
                yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'scope.listings_open', count=t_7(environment.getattr(environment.getattr(l_1_x, 'coverage'), 'listings_open')), _loop_vars=_loop_vars))
                yield '</p>\n'
        yield '<div class="compared"><p>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'compared.with', _loop_vars=_loop_vars))
        if (not environment.getattr(l_1_x, 'compared')):
            pass
            yield ' '
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), ('compared.nothing_there' if (environment.getattr(environment.getattr(l_1_x, 'verdict'), 'word') == 'not-examinable') else 'compared.nothing'), _loop_vars=_loop_vars))
        yield '</p>'
        if environment.getattr(l_1_x, 'compared'):
            pass
            yield '<ul>\n'
            yield escape(context.call((undefined(name='compared') if l_0_compared is missing else l_0_compared), l_1_x, _loop_vars=_loop_vars))
            yield '</ul>'
        yield '</div>\n'
        if (environment.getattr(environment.getattr(l_1_x, 'verdict'), 'unfinished') and (environment.getattr(environment.getattr(l_1_x, 'verdict'), 'word') == 'matches')):
            pass
            yield '<p class="scope strong">'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'scope.also_unfinished', _loop_vars=_loop_vars))
            yield '</p>\n'
        yield '<div class="pair results">\n<div>\n<table class="tight">\n<caption>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.found', _loop_vars=_loop_vars))
        yield '</caption>\n'
        if environment.getattr(l_1_x, 'matches'):
            pass
            yield '<thead><tr><th scope="col" class="num">'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.count', _loop_vars=_loop_vars))
            yield '</th><th scope="col">'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.category', _loop_vars=_loop_vars))
            yield '</th><th scope="col">'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.grade', _loop_vars=_loop_vars))
            yield '</th></tr></thead>\n<tbody>\n'
            for l_2_m in environment.getattr(l_1_x, 'matches'):
                _loop_vars = {}
                pass
                yield '<tr><td class="num strong">'
                yield escape(t_7(environment.getattr(l_2_m, 'count')))
                yield '</td><td>'
                if (environment.getattr(l_2_m, 'kind') == 'watch'):
                    pass
                    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'kind.watch', _loop_vars=_loop_vars))
                    yield '<br class="t"><span class="second"><bdi>'
                    yield escape(environment.getattr(l_2_m, 'issuer'))
                    yield '</bdi></span>'
                else:
                    pass
                    yield '<bdi>'
                    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), ('result.listed_as' if environment.getattr(l_2_m, 'code') else 'result.listed_by'), issuer=environment.getattr(l_2_m, 'issuer'), _loop_vars=_loop_vars))
                    yield '</bdi> '
                    yield escape(context.call((undefined(name='category') if l_0_category is missing else l_0_category), l_2_m, _loop_vars=_loop_vars))
                    if environment.getattr(l_2_m, 'scheme'):
                        pass
                        yield ' (<bdi>'
                        yield escape(environment.getattr(l_2_m, 'scheme'))
                        yield ' '
                        yield escape(environment.getattr(l_2_m, 'region'))
                        yield '</bdi>)'
                    yield escape(context.call((undefined(name='standing') if l_0_standing is missing else l_0_standing), environment.getattr(l_2_m, 'kind'), l_2_m, _loop_vars=_loop_vars))
                yield '</td><td>'
                yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('grade.', environment.getattr(l_2_m, 'grade'), )), _loop_vars=_loop_vars))
                yield '</td></tr>\n'
            l_2_m = missing
            yield '</tbody>\n'
        else:
            pass
            yield '<tbody><tr><td>'
            yield escape((context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.nothing_so_far', _loop_vars=_loop_vars) if ((environment.getattr(environment.getattr(l_1_x, 'verdict'), 'unfinished') and environment.getattr(environment.getattr(environment.getattr(l_1_x, 'coverage'), 'equation'), 'digested')) and ('no-hash-set' not in environment.getattr(environment.getattr(l_1_x, 'verdict'), 'reasons'))) else (context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.nothing_found', _loop_vars=_loop_vars) if (environment.getattr(environment.getattr(l_1_x, 'verdict'), 'word') == 'no-match') else context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.nothing_compared', _loop_vars=_loop_vars))))
            yield '</td></tr></tbody>\n'
        yield '</table>\n'
        l_1_undecoded = (context.call((undefined(name='gap_rows') if l_1_gap_rows is missing else l_1_gap_rows), environment.getattr(l_1_x, 'coverage'), policy=False, about=('picture',), _loop_vars=_loop_vars) + context.call((undefined(name='gap_rows') if l_1_gap_rows is missing else l_1_gap_rows), environment.getattr(l_1_x, 'coverage'), policy=True, about=('picture',), _loop_vars=_loop_vars))
        _loop_vars['undecoded'] = l_1_undecoded
        if (undefined(name='undecoded') if l_1_undecoded is missing else l_1_undecoded):
            pass
            yield '<table class="tight below">\n<caption>'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.by_digest_alone', _loop_vars=_loop_vars))
            yield '</caption>\n<thead><tr><th scope="col" class="num">'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.number', _loop_vars=_loop_vars))
            yield '</th><th scope="col">'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.what', _loop_vars=_loop_vars))
            yield '</th></tr></thead>\n<tbody>\n'
            for l_2_gap in (undefined(name='undecoded') if l_1_undecoded is missing else l_1_undecoded):
                l_2_w = resolve('w')
                _loop_vars = {}
                pass
                yield '<tr><td class="num'
                if (not environment.getattr(l_2_gap, 'policy')):
                    pass
                    yield ' strong'
                yield '">'
                yield escape(t_7(environment.getattr(l_2_gap, 'count')))
                yield '</td><td>'
                yield escape(context.call((undefined(name='w') if l_2_w is missing else l_2_w), 'gap', environment.getattr(l_2_gap, 'code'), environment.getattr(l_2_gap, 'text'), _loop_vars=_loop_vars))
                yield '</td></tr>\n'
            l_2_gap = l_2_w = missing
            yield '</tbody>\n</table>\n'
        yield '</div>\n<div>\n<table class="tight">\n<caption>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.not_examined', _loop_vars=_loop_vars))
        yield '</caption>\n<thead><tr><th scope="col" class="num">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.number', _loop_vars=_loop_vars))
        yield '</th><th scope="col">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.what', _loop_vars=_loop_vars))
        yield '</th><th scope="col" class="num">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.bytes', _loop_vars=_loop_vars))
        yield '</th></tr></thead>\n<tbody>\n'
        def t_50(fiter):
            for l_2_area in fiter:
                if (not environment.getattr(l_2_area, 'policy')):
                    yield l_2_area
        for l_2_area in t_50(environment.getattr(environment.getattr(l_1_x, 'coverage'), 'areas')):
            l_2_w = resolve('w')
            _loop_vars = {}
            pass
            yield '<tr><td class="num strong">1</td><td>'
            yield escape(context.call((undefined(name='w') if l_2_w is missing else l_2_w), 'gap', environment.getattr(l_2_area, 'code'), environment.getattr(l_2_area, 'text'), _loop_vars=_loop_vars))
            yield '<br class="t"><span class="second"><bdi>'
            yield escape(t_5(environment.getattr(l_2_area, 'where')))
            yield '</bdi></span></td><td class="num">'
            yield escape(t_17(environment.getattr(l_2_area, 'size')))
            yield '</td></tr>\n'
        l_2_area = l_2_w = missing
        for l_2_gap in context.call((undefined(name='gap_rows') if l_1_gap_rows is missing else l_1_gap_rows), environment.getattr(l_1_x, 'coverage'), policy=False, about=('content', 'member', 'container'), _loop_vars=_loop_vars):
            _loop_vars = {}
            pass
            yield '<tr><td class="num strong">'
            yield escape(t_7(environment.getattr(l_2_gap, 'count')))
            yield '</td><td>'
            yield escape(context.call((undefined(name='gap_text') if l_0_gap_text is missing else l_0_gap_text), l_2_gap, _loop_vars=_loop_vars))
            yield '</td><td class="num">'
            if environment.getattr(l_2_gap, 'size'):
                pass
                yield escape(t_17(environment.getattr(l_2_gap, 'size')))
            yield '</td></tr>\n'
        l_2_gap = missing
        if ((not t_4(context.eval_ctx, t_11(context, environment.getattr(environment.getattr(l_1_x, 'coverage'), 'areas'), 'policy'))) and (not context.call((undefined(name='gap_rows') if l_1_gap_rows is missing else l_1_gap_rows), environment.getattr(l_1_x, 'coverage'), policy=False, about=('content', 'member', 'container'), _loop_vars=_loop_vars))):
            pass
            if environment.getattr(environment.getattr(l_1_x, 'verdict'), 'unfinished'):
                pass
                yield '<tr><td class="num">–</td><td>'
                yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.gaps_unknown', _loop_vars=_loop_vars))
                yield '</td><td></td></tr>'
            else:
                pass
                yield '<tr><td class="num strong">0</td><td>'
                yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), ('result.no_gaps_reading' if t_4(context.eval_ctx, t_11(context, (undefined(name='undecoded') if l_1_undecoded is missing else l_1_undecoded), 'policy')) else 'result.no_gaps'), _loop_vars=_loop_vars))
                yield '</td><td></td></tr>'
        for l_2_gap in context.call((undefined(name='area_rows') if l_1_area_rows is missing else l_1_area_rows), environment.getattr(l_1_x, 'coverage'), _loop_vars=_loop_vars):
            l_2_w = resolve('w')
            _loop_vars = {}
            pass
            yield '<tr><td class="num">'
            yield escape(t_7(environment.getattr(l_2_gap, 'count')))
            yield '</td><td>'
            yield escape(context.call((undefined(name='w') if l_2_w is missing else l_2_w), 'gap', environment.getattr(l_2_gap, 'code'), environment.getattr(l_2_gap, 'text'), _loop_vars=_loop_vars))
            yield '</td><td class="num">'
            if environment.getattr(l_2_gap, 'size'):
                pass
                yield escape(t_17(environment.getattr(l_2_gap, 'size')))
            yield '</td></tr>\n'
        l_2_gap = l_2_w = missing
        for l_2_gap in context.call((undefined(name='gap_rows') if l_1_gap_rows is missing else l_1_gap_rows), environment.getattr(l_1_x, 'coverage'), policy=True, about=('content', 'member', 'container'), _loop_vars=_loop_vars):
            _loop_vars = {}
            pass
            yield '<tr><td class="num">'
            yield escape(t_7(environment.getattr(l_2_gap, 'count')))
            yield '</td><td>'
            yield escape(context.call((undefined(name='gap_text') if l_0_gap_text is missing else l_0_gap_text), l_2_gap, _loop_vars=_loop_vars))
            yield '</td><td class="num">'
            if environment.getattr(l_2_gap, 'size'):
                pass
                yield escape(t_17(environment.getattr(l_2_gap, 'size')))
            yield '</td></tr>\n'
        l_2_gap = missing
        yield '<tr><td></td><td>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('unallocated_result.', environment.getattr(environment.getattr(l_1_x, 'coverage'), 'unallocated'), )), _loop_vars=_loop_vars))
        yield '</td><td></td></tr>\n</tbody>\n</table>\n</div>\n</div>\n'
        if t_4(context.eval_ctx, t_16(context, environment.getattr(l_1_x, 'matches'), 'grade', 'equalto', 'digest-conflict')):
            pass
            yield '<p class="scope note">'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.conflict', _loop_vars=_loop_vars))
            yield '</p>\n'
        if t_4(context.eval_ctx, t_16(context, environment.getattr(l_1_x, 'matches'), 'grade', 'in', (undefined(name='candidates') if l_1_candidates is missing else l_1_candidates))):
            pass
            yield '<p class="scope note">'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.candidates', _loop_vars=_loop_vars))
            yield '</p>\n'
        if environment.getattr(environment.getattr(l_1_x, 'left_out'), 'pictures'):
            pass
            yield '<p class="scope note">'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), ('result.left_out_at_least' if environment.getattr(environment.getattr(l_1_x, 'left_out'), 'at_least') else 'result.left_out_close'), pictures=t_7(environment.getattr(environment.getattr(l_1_x, 'left_out'), 'pictures')), entries=t_7(environment.getattr(environment.getattr(l_1_x, 'left_out'), 'entries')), _loop_vars=_loop_vars))
            yield '</p>\n'
        if t_4(context.eval_ctx, t_16(context, environment.getattr(l_1_x, 'matches'), 'kind', 'equalto', 'watch')):
            pass
            yield '<p class="scope note">'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.watch', _loop_vars=_loop_vars))
            yield '</p>\n'
        if t_4(context.eval_ctx, t_16(context, environment.getattr(l_1_x, 'matches'), 'kind', 'equalto', 'adult-intimate')):
            pass
            yield '<p class="scope note">'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.adult', _loop_vars=_loop_vars))
            yield '</p>\n'
        yield '<div class="pair meaning">\n<div><h4>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.means', _loop_vars=_loop_vars))
        yield '</h4><p>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('means.', context.call((undefined(name='meaning') if l_1_meaning is missing else l_1_meaning), environment.getattr(l_1_x, 'verdict'), _loop_vars=_loop_vars), )), _loop_vars=_loop_vars))
        yield '</p></div>\n<div><h4>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.means_not', _loop_vars=_loop_vars))
        yield '</h4><p>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('means_not.', context.call((undefined(name='meaning') if l_1_meaning is missing else l_1_meaning), environment.getattr(l_1_x, 'verdict'), _loop_vars=_loop_vars), )), _loop_vars=_loop_vars))
        yield '</p></div>\n</div>\n'
        if (t_3(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'exhibits')) > 1):
            pass
            yield '<p class="last">'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'always.unlisted', _loop_vars=_loop_vars))
            yield '</p>\n'
        yield '</article>\n'
    l_1_loop = l_1_x = l_1_pictures = l_1_containers = l_1_gap_rows = l_1_undecoded = l_1_area_rows = l_1_candidates = l_1_meaning = missing
    if (t_3(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'exhibits')) <= 1):
        pass
        yield escape(context.call((undefined(name='always') if l_0_always is missing else l_0_always)))
        yield '\n'
    yield '\n\n'
    yield escape(context.call((undefined(name='heading') if l_0_heading is missing else l_0_heading), 'request'))
    yield '\n'
    if environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'authority'):
        pass
        yield '<dl class="facts">\n'
        yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'request.kind'), environment.getattr(environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'authority'), 'kind')))
        yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'request.reference'), environment.getattr(environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'authority'), 'reference')))
        yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'request.issued_by'), environment.getattr(environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'authority'), 'issued_by')))
        yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'request.valid'), (context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'request.valid_from_to', start=environment.getattr(environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'authority'), 'valid_from'), end=(environment.getattr(environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'authority'), 'valid_to') or '…')) if environment.getattr(environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'authority'), 'valid_from') else '')))
        yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'request.scope'), environment.getattr(environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'authority'), 'scope'), True))
        yield '</dl>\n'
    else:
        pass
        yield '<p class="strong">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'request.none'))
        yield '</p>\n'
    if ((environment.getattr((undefined(name='said') if l_0_said is missing else l_0_said), 'purpose') or environment.getattr((undefined(name='said') if l_0_said is missing else l_0_said), 'questions')) or environment.getattr((undefined(name='said') if l_0_said is missing else l_0_said), 'place')):
        pass
        yield '<dl class="facts two">\n'
        yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'request.purpose'), environment.getattr((undefined(name='said') if l_0_said is missing else l_0_said), 'purpose'), True))
        if environment.getattr((undefined(name='said') if l_0_said is missing else l_0_said), 'questions'):
            pass
            yield '<div class="wide"><dt>'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'request.questions'))
            yield '</dt>'
            for l_1_text in environment.getattr((undefined(name='said') if l_0_said is missing else l_0_said), 'questions'):
                _loop_vars = {}
                pass
                yield '<dd><bdi>'
                yield escape(l_1_text)
                yield '</bdi></dd>'
            l_1_text = missing
            yield '</div>'
        yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'request.place'), environment.getattr((undefined(name='said') if l_0_said is missing else l_0_said), 'place')))
        yield '</dl>\n'
    else:
        pass
        yield '<p>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'request.not_stated'))
        yield '</p>\n'
    yield '<dl class="facts two">\n'
    yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.case_id'), environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'uuid')))
    yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.ledger'), environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'ledger')))
    yield '</dl>\n\n'
    yield escape(context.call((undefined(name='heading') if l_0_heading is missing else l_0_heading), 'exhibits'))
    yield '\n'
    l_1_loop = missing
    for l_1_x, l_1_loop in LoopContext(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'exhibits'), undefined):
        _loop_vars = {}
        pass
        yield '<h3><bdi>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.exhibit_label', label=environment.getattr(l_1_x, 'label'), _loop_vars=_loop_vars))
        yield '</bdi></h3>\n'
        if ((((((((environment.getattr(l_1_x, 'description') or environment.getattr(l_1_x, 'make')) or environment.getattr(l_1_x, 'model')) or environment.getattr(l_1_x, 'serial')) or environment.getattr(l_1_x, 'seal')) or environment.getattr(l_1_x, 'officer')) or environment.getattr(l_1_x, 'lims')) or environment.getattr(l_1_x, 'time_zone')) or environment.getattr(l_1_x, 'further')):
            pass
            yield '<dl class="facts">\n'
            for l_2_name in ('description', 'make', 'model', 'serial', 'seal', 'officer', 'lims', 'time_zone'):
                _loop_vars = {}
                pass
                yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('exhibits.', l_2_name, )), _loop_vars=_loop_vars), environment.getitem(l_1_x, l_2_name), _loop_vars=_loop_vars))
            l_2_name = missing
            for l_2_f in environment.getattr(l_1_x, 'further'):
                _loop_vars = {}
                pass
                yield '<div><dt><bdi>'
                yield escape(environment.getattr(l_2_f, 'name'))
                yield '</bdi></dt><dd><bdi>'
                yield escape(environment.getattr(l_2_f, 'value'))
                yield '</bdi></dd></div>\n'
            l_2_f = missing
            yield '</dl>\n'
        if environment.getattr(l_1_x, 'sources'):
            pass
            def macro():
                t_51 = []
                pass
                t_51.extend((
                    '<table class="broad">\n<thead><tr><th scope="col">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'exhibits.source')),
                    '</th><th scope="col">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'exhibits.format')),
                    '</th><th scope="col">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'exhibits.segments')),
                    '</th><th scope="col" class="num">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'exhibits.size')),
                    '</th><th scope="col">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'exhibits.health')),
                    '</th></tr></thead>\n<tbody>\n',
                ))
                l_3_loop = missing
                for l_3_s, l_3_loop in LoopContext(environment.getattr(l_1_x, 'sources'), undefined):
                    l_3_w = resolve('w')
                    _loop_vars = {}
                    pass
                    t_51.extend((
                        '<tr><th scope="row">',
                        escape(context.call((undefined(name='label') if l_0_label is missing else l_0_label), environment.getattr(l_3_s, 'label'), _loop_vars=_loop_vars)),
                        '</th><td>',
                        escape(context.call((undefined(name='w') if l_3_w is missing else l_3_w), 'source_format', environment.getattr(l_3_s, 'format'), _loop_vars=_loop_vars)),
                        '<br class="t"><span class="second">',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'exhibits.reader', _loop_vars=_loop_vars)),
                        ' <bdi>',
                        escape(environment.getattr(l_3_s, 'reader')),
                        '</bdi></span>',
                    ))
                    if (not t_23(environment.getattr(l_3_s, 'mount_read_only'))):
                        pass
                        t_51.extend((
                            '<br class="t"><span class="second">',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), ('exhibits.mounted_read_only' if environment.getattr(l_3_s, 'mount_read_only') else 'exhibits.mounted_writable'), _loop_vars=_loop_vars)),
                            '; ',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), ('exhibits.account_may_write' if environment.getattr(l_3_s, 'account_may_write') else 'exhibits.account_may_not_write'), _loop_vars=_loop_vars)),
                            '</span>',
                        ))
                    t_51.append(
                        '</td><td>',
                    )
                    l_4_loop = missing
                    for l_4_file, l_4_loop in LoopContext(environment.getattr(l_3_s, 'segments')[:8], undefined):
                        _loop_vars = {}
                        pass
                        t_51.extend((
                            '<bdi>',
                            escape(environment.getattr(l_4_file, 'name')),
                            '</bdi> <span class="nowrap">(',
                            escape(t_17(environment.getattr(l_4_file, 'size'))),
                            ')</span>',
                        ))
                        if (not environment.getattr(l_4_loop, 'last')):
                            pass
                            t_51.append(
                                ', ',
                            )
                    l_4_loop = l_4_file = missing
                    if (t_3(environment.getattr(l_3_s, 'segments')) > 8):
                        pass
                        t_51.extend((
                            ' … (',
                            escape(t_7(t_3(environment.getattr(l_3_s, 'segments')))),
                            ')',
                        ))
                    t_51.append(
                        '</td><td class="num">',
                    )
                    if environment.getattr(l_3_s, 'size'):
                        pass
                        t_51.extend((
                            escape(t_17(environment.getattr(l_3_s, 'size'))),
                            '<br class="t"><span class="second">',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'format.bytes', count=t_7(environment.getattr(l_3_s, 'size')), _loop_vars=_loop_vars)),
                            '</span>',
                        ))
                    else:
                        pass
                        t_51.append(
                            '–',
                        )
                    t_51.append(
                        '</td><td>',
                    )
                    l_4_loop = missing
                    for l_4_code, l_4_loop in LoopContext(environment.getattr(l_3_s, 'alarms'), undefined):
                        _loop_vars = {}
                        pass
                        t_51.extend((
                            '<span class="alarm">',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('source_state.', l_4_code, )), _loop_vars=_loop_vars)),
                            '</span>',
                        ))
                        if ((not environment.getattr(l_4_loop, 'last')) or environment.getattr(l_3_s, 'health')):
                            pass
                            t_51.append(
                                '; ',
                            )
                    l_4_loop = l_4_code = missing
                    l_4_loop = missing
                    t_52 = 1
                    for l_4_note, l_4_loop in LoopContext(environment.getattr(l_3_s, 'health'), undefined):
                        _loop_vars = {}
                        pass
                        t_51.extend((
                            '<span class="strong">',
                            escape(context.call((undefined(name='w') if l_3_w is missing else l_3_w), 'gap', environment.getattr(l_4_note, 'code'), environment.getattr(l_4_note, 'text'), _loop_vars=_loop_vars)),
                            '</span>',
                        ))
                        if (not environment.getattr(l_4_loop, 'last')):
                            pass
                            t_51.append(
                                '; ',
                            )
                        t_52 = 0
                    l_4_loop = l_4_note = missing
                    if t_52:
                        pass
                        if (not environment.getattr(l_3_s, 'alarms')):
                            pass
                            t_51.append(
                                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'exhibits.sound')),
                            )
                    if ((not t_23(environment.getattr(l_3_s, 'declared_size'))) and (environment.getattr(l_3_s, 'declared_size') != environment.getattr(l_3_s, 'size'))):
                        pass
                        t_51.extend((
                            '<br class="t"><span class="second">',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'exhibits.declared', _loop_vars=_loop_vars)),
                            ': ',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'format.bytes', count=t_7(environment.getattr(l_3_s, 'declared_size')), _loop_vars=_loop_vars)),
                            '</span>',
                        ))
                    t_51.append(
                        '</td></tr>\n',
                    )
                l_3_loop = l_3_s = l_3_w = missing
                t_51.append(
                    '</tbody>\n</table>\n',
                )
                return concat(t_51)
            caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
            yield context.call((undefined(name='region') if l_0_region is missing else l_0_region), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'exhibits.sources_of', label=environment.getattr(l_1_x, 'label'), _loop_vars=_loop_vars), caller=caller, _loop_vars=_loop_vars)
        else:
            pass
            yield '<p>'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'exhibits.no_sources', _loop_vars=_loop_vars))
            yield '</p>\n'
    l_1_loop = l_1_x = missing
    yield '\n'
    yield escape(context.call((undefined(name='heading') if l_0_heading is missing else l_0_heading), 'integrity'))
    yield '\n<p>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'integrity.intro'))
    yield '</p>\n'
    l_0_ns = context.call((undefined(name='namespace') if l_0_namespace is missing else l_0_namespace), any=False, read=False)
    context.vars['ns'] = l_0_ns
    context.exported_vars.add('ns')
    for l_1_x in environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'exhibits'):
        _loop_vars = {}
        pass
        def t_53(fiter):
            for l_2_s in fiter:
                if environment.getattr(l_2_s, 'digests'):
                    yield l_2_s
        for l_2_s in t_53(environment.getattr(l_1_x, 'sources')):
            _loop_vars = {}
            pass
            if not isinstance(l_0_ns, Namespace):
                raise TemplateRuntimeError("cannot assign attribute on non-namespace object")
            l_0_ns['any'] = True
            def macro():
                t_54 = []
                pass
                t_54.extend((
                    '<table class="broad">\n<caption><bdi>',
                    escape(environment.getattr(l_1_x, 'label')),
                    '</bdi>: <bdi>',
                    escape(environment.getattr(l_2_s, 'label')),
                    '</bdi></caption>\n<thead><tr><th scope="col">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'integrity.algorithm')),
                    '</th><th scope="col">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'integrity.computed')),
                    '</th><th scope="col">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'integrity.expected')),
                    '</th><th scope="col">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'integrity.origin')),
                    '</th><th scope="col">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'integrity.result')),
                    '</th></tr></thead>\n<tbody>\n',
                ))
                for l_4_d in environment.getattr(l_2_s, 'digests'):
                    l_4_w = resolve('w')
                    _loop_vars = {}
                    pass
                    t_54.extend((
                        '<tr><th scope="row">',
                        escape(context.call((undefined(name='w') if l_4_w is missing else l_4_w), 'algorithm', environment.getattr(l_4_d, 'algorithm'), _loop_vars=_loop_vars)),
                        '<br class="t"><span class="second">',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('scope_of.', environment.getattr(l_4_d, 'scope'), )), _loop_vars=_loop_vars)),
                        '</span></th><td><code>',
                        escape((t_1(environment.getattr(l_4_d, 'computed')) if environment.getattr(l_4_d, 'computed') else '–')),
                        '</code></td><td><code>',
                        escape((t_1(environment.getattr(l_4_d, 'expected')) if environment.getattr(l_4_d, 'expected') else '–')),
                        '</code></td><td>',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('origin.', environment.getattr(l_4_d, 'origin'), )), _loop_vars=_loop_vars)),
                        '</td><td class="',
                        escape(('alarm' if (environment.getattr(l_4_d, 'result') == 'mismatch') else 'strong')),
                        '">',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('digest_result.', environment.getattr(l_4_d, 'result'), )), _loop_vars=_loop_vars)),
                        '</td></tr>\n',
                    ))
                l_4_d = l_4_w = missing
                t_54.append(
                    '</tbody>\n</table>\n',
                )
                return concat(t_54)
            caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
            yield context.call((undefined(name='region') if l_0_region is missing else l_0_region), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'integrity.of', label=environment.getattr(l_2_s, 'label'), _loop_vars=_loop_vars), caller=caller, _loop_vars=_loop_vars)
        l_2_s = missing
    l_1_x = missing
    if not isinstance(l_0_ns, Namespace):
        raise TemplateRuntimeError("cannot assign attribute on non-namespace object")
    l_0_ns['read'] = False
    for l_1_x in environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'exhibits'):
        _loop_vars = {}
        pass
        def t_55(fiter):
            for l_2_s in fiter:
                if environment.getattr(l_2_s, 'readings'):
                    yield l_2_s
        for l_2_s in t_55(environment.getattr(l_1_x, 'sources')):
            _loop_vars = {}
            pass
            if not isinstance(l_0_ns, Namespace):
                raise TemplateRuntimeError("cannot assign attribute on non-namespace object")
            l_0_ns['read'] = True
        l_2_s = missing
    l_1_x = missing
    if environment.getattr((undefined(name='ns') if l_0_ns is missing else l_0_ns), 'read'):
        pass
        def macro():
            t_56 = []
            pass
            t_56.extend((
                '<table class="broad">\n<caption>',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'integrity.readings')),
                '</caption>\n<thead><tr><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'exhibits.source')),
                '</th><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'integrity.time')),
                '</th><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'integrity.result')),
                '</th><th scope="col" class="num">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'integrity.bytes_read')),
                '</th><th scope="col" class="num">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'integrity.zeros')),
                '</th><th scope="col" class="num">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'integrity.read_errors')),
                '</th></tr></thead>\n<tbody>\n',
            ))
            for l_2_x in environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'exhibits'):
                _loop_vars = {}
                pass
                for l_3_s in environment.getattr(l_2_x, 'sources'):
                    _loop_vars = {}
                    pass
                    for l_4_d in environment.getattr(l_3_s, 'readings'):
                        l_4_w = resolve('w')
                        l_4_share = resolve('share')
                        _loop_vars = {}
                        pass
                        t_56.extend((
                            '<tr><th scope="row">',
                            escape(context.call((undefined(name='label') if l_0_label is missing else l_0_label), environment.getattr(l_3_s, 'label'), _loop_vars=_loop_vars)),
                            '</th><td>',
                            escape(t_21(environment.getattr(l_4_d, 'time'))),
                            '</td><td class="',
                            escape(('alarm' if (environment.getattr(l_4_d, 'status') == 'mismatch') else 'strong')),
                            '">',
                            escape(context.call((undefined(name='w') if l_4_w is missing else l_4_w), 'digest_result', environment.getattr(l_4_d, 'status'), _loop_vars=_loop_vars)),
                            '</td><td class="num">',
                            escape(t_7(environment.getattr(l_4_d, 'bytes_read'))),
                            '</td><td class="num">',
                        ))
                        if t_23(environment.getattr(l_4_d, 'zero_bytes')):
                            pass
                            t_56.append(
                                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'integrity.not_counted', _loop_vars=_loop_vars)),
                            )
                        else:
                            pass
                            t_56.extend((
                                escape(t_7(environment.getattr(l_4_d, 'zero_bytes'))),
                                '<br class="t"><span class="second">',
                                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'integrity.zeros_share', percent=t_9(context.call((undefined(name='share') if l_4_share is missing else l_4_share), environment.getattr(l_4_d, 'zero_bytes'), environment.getattr(l_4_d, 'bytes_read'), _loop_vars=_loop_vars)), _loop_vars=_loop_vars)),
                                '</span>',
                            ))
                        t_56.extend((
                            '</td><td class="num">',
                            escape(t_7(environment.getattr(l_4_d, 'read_errors'))),
                        ))
                        for l_5_one in environment.getattr(l_4_d, 'unread'):
                            _loop_vars = {}
                            pass
                            t_56.extend((
                                '<br class="t"><span class="second"><bdi>',
                                escape(l_5_one),
                                '</bdi></span>',
                            ))
                        l_5_one = missing
                        t_56.append(
                            '</td></tr>\n',
                        )
                    l_4_d = l_4_w = l_4_share = missing
                l_3_s = missing
            l_2_x = missing
            t_56.append(
                '</tbody>\n</table>\n',
            )
            return concat(t_56)
        caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
        yield context.call((undefined(name='region') if l_0_region is missing else l_0_region), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'integrity.readings'), caller=caller)
    if (not environment.getattr((undefined(name='ns') if l_0_ns is missing else l_0_ns), 'any')):
        pass
        yield '<p class="strong">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'integrity.nothing'))
        yield '</p>'
    if not isinstance(l_0_ns, Namespace):
        raise TemplateRuntimeError("cannot assign attribute on non-namespace object")
    l_0_ns['made'] = False
    for l_1_x in environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'exhibits'):
        _loop_vars = {}
        pass
        def t_57(fiter):
            for l_2_s in fiter:
                if environment.getattr(l_2_s, 'acquisitions'):
                    yield l_2_s
        for l_2_s in t_57(environment.getattr(l_1_x, 'sources')):
            _loop_vars = {}
            pass
            if not isinstance(l_0_ns, Namespace):
                raise TemplateRuntimeError("cannot assign attribute on non-namespace object")
            l_0_ns['made'] = True
        l_2_s = missing
    l_1_x = missing
    if environment.getattr((undefined(name='ns') if l_0_ns is missing else l_0_ns), 'made'):
        pass
        yield '<h3>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'acquired.title'))
        yield '</h3>\n<p>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'acquired.intro'))
        yield '</p>\n'
        def macro():
            t_58 = []
            pass
            t_58.extend((
                '<table class="broad">\n<thead><tr><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'acquired.source')),
                '</th><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'acquired.by')),
                '</th><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'acquired.times')),
                '</th><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'acquired.digests')),
                '</th><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'acquired.remarks')),
                '</th></tr></thead>\n<tbody>\n',
            ))
            for l_2_x in environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'exhibits'):
                _loop_vars = {}
                pass
                for l_3_s in environment.getattr(l_2_x, 'sources'):
                    _loop_vars = {}
                    pass
                    for l_4_a in environment.getattr(l_3_s, 'acquisitions'):
                        _loop_vars = {}
                        pass
                        t_58.extend((
                            '<tr><th scope="row">',
                            escape(context.call((undefined(name='label') if l_0_label is missing else l_0_label), environment.getattr(l_3_s, 'label'), _loop_vars=_loop_vars)),
                            '</th><td>',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('origin.', environment.getattr(l_4_a, 'stated_by'), )), _loop_vars=_loop_vars)),
                            '<br class="t"><span class="second">',
                        ))
                        if (environment.getattr(l_4_a, 'program') == 'not stated'):
                            pass
                            t_58.extend((
                                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'format.not_stated', _loop_vars=_loop_vars)),
                                ' <bdi>',
                                escape(environment.getattr(l_4_a, 'version')),
                                '</bdi>',
                            ))
                        elif (environment.getattr(l_4_a, 'program')[:15] == 'not stated; on '):
                            pass
                            t_58.extend((
                                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'acquired.by_system', system=environment.getattr(l_4_a, 'program')[15:], _loop_vars=_loop_vars)),
                                ' <bdi>',
                                escape(environment.getattr(l_4_a, 'version')),
                                '</bdi>',
                            ))
                        else:
                            pass
                            t_58.extend((
                                '<bdi>',
                                escape(environment.getattr(l_4_a, 'program')),
                                ' ',
                                escape(environment.getattr(l_4_a, 'version')),
                                '</bdi>',
                            ))
                        t_58.append(
                            '</span>',
                        )
                        if environment.getattr(l_4_a, 'log_sha256'):
                            pass
                            t_58.extend((
                                '<br class="t"><span class="second">',
                                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'acquired.log', _loop_vars=_loop_vars)),
                                ' <code>',
                                escape(t_1(environment.getattr(l_4_a, 'log_sha256'))),
                                '</code></span>',
                            ))
                        t_58.append(
                            '</td><td>',
                        )
                        if environment.getattr(l_4_a, 'started'):
                            pass
                            t_58.extend((
                                '<bdi>',
                                escape(t_12(context.eval_ctx, environment.getattr(l_4_a, 'started'), 'T', ' ')),
                                '</bdi>',
                            ))
                            if environment.getattr(l_4_a, 'ended'):
                                pass
                                t_58.extend((
                                    ' – <bdi>',
                                    escape(t_12(context.eval_ctx, environment.getattr(l_4_a, 'ended'), 'T', ' ')),
                                    '</bdi>',
                                ))
                            t_58.extend((
                                '<br class="t"><span class="second">',
                                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), ('acquired.utc' if (environment.getattr(l_4_a, 'zone') == 'UTC') else 'acquired.no_zone'), _loop_vars=_loop_vars)),
                                '</span>',
                            ))
                        else:
                            pass
                            t_58.append(
                                '–',
                            )
                        t_58.append(
                            '</td><td>',
                        )
                        t_59 = 1
                        for l_5_d in environment.getattr(l_4_a, 'digests'):
                            l_5_w = resolve('w')
                            _loop_vars = {}
                            pass
                            t_58.extend((
                                '<br class="t"><span class="second">',
                                escape(context.call((undefined(name='w') if l_5_w is missing else l_5_w), 'algorithm', environment.getattr(l_5_d, 'algorithm'), _loop_vars=_loop_vars)),
                                ' <code>',
                                escape(t_1(environment.getattr(l_5_d, 'value'))),
                                '</code></span>',
                            ))
                            t_59 = 0
                        l_5_d = l_5_w = missing
                        if t_59:
                            pass
                            t_58.append(
                                '–',
                            )
                        t_58.append(
                            '</td><td>',
                        )
                        if (not t_23(environment.getattr(l_4_a, 'finished'))):
                            pass
                            t_58.append(
                                '<br class="t"><span class="second',
                            )
                            if (not environment.getattr(l_4_a, 'finished')):
                                pass
                                t_58.append(
                                    ' strong',
                                )
                            t_58.extend((
                                '">',
                                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), ('acquired.finished' if environment.getattr(l_4_a, 'finished') else 'acquired.unfinished'), _loop_vars=_loop_vars)),
                                '</span>',
                            ))
                        if (not t_23(environment.getattr(l_4_a, 'bad_sectors'))):
                            pass
                            t_58.append(
                                '<br class="t"><span class="second',
                            )
                            if environment.getattr(l_4_a, 'bad_sectors'):
                                pass
                                t_58.append(
                                    ' strong',
                                )
                            t_58.extend((
                                '">',
                                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'acquired.bad_sectors', count=t_7(environment.getattr(l_4_a, 'bad_sectors')), _loop_vars=_loop_vars)),
                                '</span>',
                            ))
                        for l_5_d in environment.getattr(l_4_a, 'differs'):
                            l_5_w = resolve('w')
                            _loop_vars = {}
                            pass
                            t_58.extend((
                                '<br class="t"><span class="second strong">',
                                escape(context.call((undefined(name='w') if l_5_w is missing else l_5_w), 'acquired_differs', l_5_d, _loop_vars=_loop_vars)),
                                '</span>',
                            ))
                        l_5_d = l_5_w = missing
                        t_58.append(
                            '</td></tr>\n',
                        )
                    l_4_a = missing
                l_3_s = missing
            l_2_x = missing
            t_58.append(
                '</tbody>\n</table>\n',
            )
            return concat(t_58)
        caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
        yield context.call((undefined(name='region') if l_0_region is missing else l_0_region), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'acquired.title'), caller=caller)
    yield '\n'
    yield escape(context.call((undefined(name='heading') if l_0_heading is missing else l_0_heading), 'custody'))
    yield '\n<p>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'custody.intro'))
    yield '</p>\n'
    yield escape(context.call((undefined(name='draw') if l_0_draw is missing else l_0_draw), 'custody'))
    yield '\n'
    for l_1_topic in ('custody', 'record'):
        l_1_told = l_0_told
        _loop_vars = {}
        pass
        l_1_told = t_4(context.eval_ctx, t_16(context, environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'acts'), 'topic', 'equalto', l_1_topic))
        _loop_vars['told'] = l_1_told
        yield '<h3>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('custody_topic.', l_1_topic, )), _loop_vars=_loop_vars))
        yield '</h3>\n'
        if (undefined(name='told') if l_1_told is missing else l_1_told):
            pass
            yield escape(context.call((undefined(name='acts') if l_0_acts is missing else l_0_acts), (undefined(name='told') if l_1_told is missing else l_1_told), context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('custody_topic.', l_1_topic, )), _loop_vars=_loop_vars), _loop_vars=_loop_vars))
            yield '\n'
        else:
            pass
            yield '<p>'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('custody_none.', l_1_topic, )), _loop_vars=_loop_vars))
            yield '</p>\n'
    l_1_topic = l_1_told = missing
    yield '\n'
    yield escape(context.call((undefined(name='heading') if l_0_heading is missing else l_0_heading), 'method'))
    yield '\n<dl class="facts two">\n'
    yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.program'), markup_join((environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'program'), 'name'), ' ', environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'program'), 'version'), ))))
    if environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'program'), 'sha256'):
        pass
        yield '<div class="wide"><dt>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.program_files'))
        yield '</dt><dd class="mono">'
        yield escape(t_1(environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'program'), 'sha256')))
        yield '</dd></div>'
    yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.procedure'), (environment.getattr((undefined(name='lab') if l_0_lab is missing else l_0_lab), 'procedure') or context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'format.not_stated'))))
    yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.method'), environment.getattr((undefined(name='lab') if l_0_lab is missing else l_0_lab), 'method')))
    yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.validation'), (environment.getattr((undefined(name='lab') if l_0_lab is missing else l_0_lab), 'validation') or context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'format.not_stated'))))
    yield '\n'
    for l_1_m in environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'methods'):
        l_1_v = resolve('v')
        _loop_vars = {}
        pass
        if (environment.getattr(l_1_m, 'method') and (environment.getattr(l_1_m, 'method') != environment.getattr((undefined(name='lab') if l_0_lab is missing else l_0_lab), 'method'))):
            pass
            yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.method', _loop_vars=_loop_vars), environment.getattr(l_1_m, 'method'), _loop_vars=_loop_vars))
        if (environment.getattr(l_1_m, 'procedure') and (environment.getattr(l_1_m, 'procedure') != environment.getattr((undefined(name='lab') if l_0_lab is missing else l_0_lab), 'procedure'))):
            pass
            yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.procedure', _loop_vars=_loop_vars), environment.getattr(l_1_m, 'procedure'), _loop_vars=_loop_vars))
        if environment.getattr(l_1_m, 'validation'):
            pass
            l_1_v = environment.getattr(l_1_m, 'validation')
            _loop_vars['v'] = l_1_v
            yield '<div class="wide"><dt>'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.cited', _loop_vars=_loop_vars))
            yield '</dt><dd>'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.cited_record', name=environment.getattr((undefined(name='v') if l_1_v is missing else l_1_v), 'id'), date=t_21(environment.getattr((undefined(name='v') if l_1_v is missing else l_1_v), 'time')), version=environment.getattr((undefined(name='v') if l_1_v is missing else l_1_v), 'program_version'), _loop_vars=_loop_vars))
            yield ' <span class="strong">'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), ('method.passed' if (environment.getattr((undefined(name='v') if l_1_v is missing else l_1_v), 'verdict') == 'pass') else 'method.failed'), _loop_vars=_loop_vars))
            yield '</span>'
            if (not environment.getattr((undefined(name='v') if l_1_v is missing else l_1_v), 'same_software')):
                pass
                yield ' <span class="strong">'
                yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.other_software', _loop_vars=_loop_vars))
                yield '</span>'
            yield '<br class="t"><span class="second mono">'
            yield escape(t_1(environment.getattr((undefined(name='v') if l_1_v is missing else l_1_v), 'sha256')))
            yield '</span></dd></div>'
    l_1_m = l_1_v = missing
    yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.names'), context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('names.', ('opened' if (environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'level') == 'sealed') else environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'names')), ))), True))
    yield '</dl>\n<p>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.intro'))
    yield '</p>\n<p>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.pictures'))
    yield '</p>\n<p>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.containers'))
    yield '</p>\n<p>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.rule'))
    yield '</p>\n'
    if (environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'perceptual') == 'compared'):
        pass
        yield '<p>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.near_rule'))
        yield '</p>'
    for l_1_rate in environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'error_rates'):
        _loop_vars = {}
        pass
        yield escape(context.call((undefined(name='error_rate') if l_0_error_rate is missing else l_0_error_rate), l_1_rate, _loop_vars=_loop_vars))
        yield '\n'
    l_1_rate = missing
    if t_4(context.eval_ctx, t_16(context, environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'runs'), 'plugin')):
        pass
        yield '<p>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.plugin_rule'))
        yield '</p>'
    yield '<p class="strong">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('perceptual.', environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'perceptual'), ))))
    yield '</p>\n'
    if environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'hash_sets'):
        pass
        def macro():
            t_60 = []
            pass
            t_60.extend((
                '<table class="broad">\n<thead><tr><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.set')),
                '</th><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.kind')),
                '</th><th scope="col" class="num">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.records')),
                '</th><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.source')),
                '</th><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.signature')),
                '</th><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.profile')),
                '</th></tr></thead>\n<tbody>\n',
            ))
            for l_2_s in environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'hash_sets'):
                l_2_w = resolve('w')
                _loop_vars = {}
                pass
                t_60.extend((
                    '<tr><th scope="row">',
                    escape(context.call((undefined(name='set_name') if l_0_set_name is missing else l_0_set_name), environment.getattr(l_2_s, 'name'), environment.getattr(l_2_s, 'issuer'), environment.getattr(l_2_s, 'edition'), _loop_vars=_loop_vars)),
                    '</th><td>',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('kind.', environment.getattr(l_2_s, 'kind'), )), _loop_vars=_loop_vars)),
                ))
                if environment.getattr(l_2_s, 'authority'):
                    pass
                    t_60.extend((
                        '<br class="t"><span class="second"><bdi>',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.authority', text=environment.getattr(l_2_s, 'authority'), _loop_vars=_loop_vars)),
                        '</bdi></span>',
                    ))
                t_60.extend((
                    '</td><td class="num">',
                    escape(t_7(environment.getattr(l_2_s, 'records'))),
                ))
                for l_3_d in environment.getattr(l_2_s, 'digests'):
                    _loop_vars = {}
                    pass
                    t_60.extend((
                        '<br class="t"><span class="second">',
                        escape(context.call((undefined(name='w') if l_2_w is missing else l_2_w), 'algorithm', environment.getattr(l_3_d, 'algorithm'), _loop_vars=_loop_vars)),
                        ' ',
                        escape(t_7(environment.getattr(l_3_d, 'count'))),
                        '</span>',
                    ))
                l_3_d = missing
                for l_3_d in environment.getattr(l_2_s, 'near'):
                    _loop_vars = {}
                    pass
                    t_60.extend((
                        '<br class="t"><span class="second wrapped">',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.near', kind=context.call((undefined(name='w') if l_2_w is missing else l_2_w), 'algorithm', environment.getattr(l_3_d, 'algorithm'), _loop_vars=_loop_vars), count=t_7(environment.getattr(l_3_d, 'count')), _loop_vars=_loop_vars)),
                    ))
                    if environment.getattr(l_3_d, 'below_quality'):
                        pass
                        t_60.extend((
                            '; ',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.near_below', count=t_7(environment.getattr(l_3_d, 'below_quality')), _loop_vars=_loop_vars)),
                        ))
                    if environment.getattr(l_3_d, 'probes'):
                        pass
                        t_60.extend((
                            '; ',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.probes', tried=t_7(environment.getattr(environment.getattr(l_3_d, 'probes'), 'tried')), failed=t_7(environment.getattr(environment.getattr(l_3_d, 'probes'), 'failed')), _loop_vars=_loop_vars)),
                        ))
                    t_60.append(
                        '</span>',
                    )
                l_3_d = missing
                for l_3_d in environment.getattr(l_2_s, 'not_compared'):
                    _loop_vars = {}
                    pass
                    t_60.extend((
                        '<br class="t"><span class="second strong">',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.not_compared', kind=context.call((undefined(name='w') if l_2_w is missing else l_2_w), 'algorithm', environment.getattr(l_3_d, 'algorithm'), _loop_vars=_loop_vars), count=t_7(environment.getattr(l_3_d, 'count')), _loop_vars=_loop_vars)),
                        '</span>',
                    ))
                l_3_d = missing
                t_60.extend((
                    '</td><td><code>',
                    escape(t_1(environment.getattr(l_2_s, 'source_sha256'))),
                    '</code>',
                ))
                if environment.getattr(l_2_s, 'rejected'):
                    pass
                    t_60.extend((
                        '<br class="t"><span class="second">',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.rejected', count=t_7(environment.getattr(l_2_s, 'rejected')), _loop_vars=_loop_vars)),
                        '</span>',
                    ))
                t_60.extend((
                    '<br class="t"><span class="second">',
                    escape((context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.probes', tried=t_7(environment.getattr(environment.getattr(l_2_s, 'probes'), 'tried')), failed=t_7(environment.getattr(environment.getattr(l_2_s, 'probes'), 'failed')), _loop_vars=_loop_vars) if environment.getattr(l_2_s, 'probes') else context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.no_probes', _loop_vars=_loop_vars))),
                    '</span></td><td>',
                    escape(context.call((undefined(name='w') if l_2_w is missing else l_2_w), 'signature', environment.getattr(l_2_s, 'signature'), _loop_vars=_loop_vars)),
                ))
                if (environment.getattr(l_2_s, 'key_id') and environment.getattr(l_2_s, 'signer')):
                    pass
                    t_60.extend((
                        '<br class="t"><span class="second"><bdi>',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.signer', key=environment.getattr(l_2_s, 'key_id'), signer=environment.getattr(l_2_s, 'signer'), _loop_vars=_loop_vars)),
                        '</bdi></span>',
                    ))
                if environment.getattr(l_2_s, 'expires'):
                    pass
                    t_60.extend((
                        '<br class="t"><span class="second">',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.expires', date=environment.getattr(l_2_s, 'expires'), _loop_vars=_loop_vars)),
                        '</span>',
                    ))
                for l_3_a in environment.getattr(l_2_s, 'allowed'):
                    _loop_vars = {}
                    pass
                    t_60.extend((
                        '<br class="t"><span class="second strong">',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.allowed', what=context.call((undefined(name='w') if l_2_w is missing else l_2_w), 'allowance', l_3_a, _loop_vars=_loop_vars), _loop_vars=_loop_vars)),
                        '</span>',
                    ))
                l_3_a = missing
                if (environment.getattr(l_2_s, 'state') != 'active'):
                    pass
                    t_60.extend((
                        '<br class="t"><span class="second strong">',
                        escape(context.call((undefined(name='w') if l_2_w is missing else l_2_w), 'set_state', environment.getattr(l_2_s, 'state'), _loop_vars=_loop_vars)),
                    ))
                    if environment.getattr(l_2_s, 'reason'):
                        pass
                        t_60.extend((
                            ': <bdi>',
                            escape(environment.getattr(l_2_s, 'reason')),
                            '</bdi>',
                        ))
                    t_60.append(
                        '</span>',
                    )
                t_60.append(
                    '</td><td>',
                )
                if environment.getattr(l_2_s, 'profile'):
                    pass
                    t_60.extend((
                        '<bdi>',
                        escape(environment.getattr(l_2_s, 'profile')),
                        '</bdi><br class="t"><span class="second">',
                        escape((context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.verified', _loop_vars=_loop_vars) if environment.getattr(l_2_s, 'profile_verified') else context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.unverified', _loop_vars=_loop_vars))),
                        '</span>',
                    ))
                else:
                    pass
                    t_60.append(
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.no_profile', _loop_vars=_loop_vars)),
                    )
                t_60.append(
                    '</td></tr>\n',
                )
            l_2_s = l_2_w = missing
            t_60.append(
                '</tbody>\n</table>\n',
            )
            return concat(t_60)
        caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
        yield context.call((undefined(name='region') if l_0_region is missing else l_0_region), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.set'), caller=caller)
    else:
        pass
        yield '<p class="strong">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.no_sets'))
        yield '</p>\n'
    yield '\n'
    yield escape(context.call((undefined(name='heading') if l_0_heading is missing else l_0_heading), 'coverage'))
    yield '\n'
    l_0_c = environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'coverage')
    context.vars['c'] = l_0_c
    context.exported_vars.add('c')
    l_0_e = environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'equation')
    context.vars['e'] = l_0_e
    context.exported_vars.add('e')
    yield escape(context.call((undefined(name='draw') if l_0_draw is missing else l_0_draw), 'coverage'))
    yield '\n<h3>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.equation'))
    yield '</h3>\n<p>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.equation_text'))
    yield '</p>\n'
    def macro():
        t_61 = []
        pass
        t_61.extend((
            '<table class="broad">\n<caption>',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.entries')),
            '</caption>\n<thead><tr><th scope="col">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.volume')),
            '</th><th scope="col" class="num">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.listed')),
            '</th><th scope="col" class="num">= ',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.recorded')),
            '</th><th scope="col" class="num">= ',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.digested')),
            '</th><th scope="col" class="num">+ ',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.without_content')),
            '</th><th scope="col" class="num">+ ',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.policy')),
            '</th><th scope="col" class="num">+ ',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.gaps')),
            '</th>',
        ))
        if environment.getattr((undefined(name='e') if l_0_e is missing else l_0_e), 'not_reached'):
            pass
            t_61.extend((
                '<th scope="col" class="num">+ ',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.not_reached')),
                '</th>',
            ))
        t_61.extend((
            '<th scope="col">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.state')),
            '</th></tr></thead>\n<tbody>\n',
        ))
        for l_2_x in environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'exhibits'):
            _loop_vars = {}
            pass
            for l_3_s in environment.getattr(l_2_x, 'sources'):
                _loop_vars = {}
                pass
                for l_4_v in environment.getattr(l_3_s, 'volumes'):
                    _loop_vars = {}
                    pass
                    t_61.extend((
                        '<tr><th scope="row"><bdi>',
                        escape(t_5(markup_join((environment.getattr(l_3_s, 'label'), '/', environment.getattr(l_4_v, 'key'), )))),
                        '</bdi></th><td class="num">',
                        escape(t_7(environment.getattr(environment.getattr(l_4_v, 'equation'), 'listed'))),
                        '</td><td class="num">',
                        escape(t_7(environment.getattr(environment.getattr(l_4_v, 'equation'), 'recorded'))),
                        '</td><td class="num">',
                        escape(t_7(environment.getattr(environment.getattr(l_4_v, 'equation'), 'digested'))),
                        '</td><td class="num">',
                        escape(t_7(environment.getattr(environment.getattr(l_4_v, 'equation'), 'without_content'))),
                        '</td><td class="num">',
                        escape(t_7(environment.getattr(environment.getattr(l_4_v, 'equation'), 'policy'))),
                        '</td><td class="num">',
                        escape(t_7(environment.getattr(environment.getattr(l_4_v, 'equation'), 'gaps'))),
                        '</td>',
                    ))
                    if environment.getattr((undefined(name='e') if l_0_e is missing else l_0_e), 'not_reached'):
                        pass
                        t_61.extend((
                            '<td class="num">',
                            escape(t_7(environment.getattr(environment.getattr(l_4_v, 'equation'), 'not_reached'))),
                            '</td>',
                        ))
                    t_61.extend((
                        '<td class="',
                        escape(('second' if environment.getattr(environment.getattr(l_4_v, 'equation'), 'closes') else 'alarm')),
                        '">',
                    ))
                    if environment.getattr(l_4_v, 'listing_open'):
                        pass
                        t_61.append(
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.listing_open', _loop_vars=_loop_vars)),
                        )
                    elif (environment.getattr(l_4_v, 'state') not in ('examined', 'in-part')):
                        pass
                        t_61.append(
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('state.', environment.getattr(l_4_v, 'state'), )), _loop_vars=_loop_vars)),
                        )
                    else:
                        pass
                        if (environment.getattr(l_4_v, 'state') == 'in-part'):
                            pass
                            t_61.extend((
                                '<span class="strong">',
                                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'state.in-part', _loop_vars=_loop_vars)),
                                '</span>: ',
                            ))
                        t_61.append(
                            escape((context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.closes', _loop_vars=_loop_vars) if environment.getattr(environment.getattr(l_4_v, 'equation'), 'closes') else context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.does_not_close', _loop_vars=_loop_vars))),
                        )
                    t_61.append(
                        '</td></tr>\n',
                    )
                l_4_v = missing
            l_3_s = missing
        l_2_x = missing
        t_61.extend((
            '</tbody>\n<tfoot><tr><th scope="row">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.all')),
            '</th><td class="num">',
            escape(t_7(environment.getattr((undefined(name='e') if l_0_e is missing else l_0_e), 'listed'))),
            '</td><td class="num">',
            escape(t_7(environment.getattr((undefined(name='e') if l_0_e is missing else l_0_e), 'recorded'))),
            '</td><td class="num">',
            escape(t_7(environment.getattr((undefined(name='e') if l_0_e is missing else l_0_e), 'digested'))),
            '</td><td class="num">',
            escape(t_7(environment.getattr((undefined(name='e') if l_0_e is missing else l_0_e), 'without_content'))),
            '</td><td class="num">',
            escape(t_7(environment.getattr((undefined(name='e') if l_0_e is missing else l_0_e), 'policy'))),
            '</td><td class="num">',
            escape(t_7(environment.getattr((undefined(name='e') if l_0_e is missing else l_0_e), 'gaps'))),
            '</td>',
        ))
        if environment.getattr((undefined(name='e') if l_0_e is missing else l_0_e), 'not_reached'):
            pass
            t_61.extend((
                '<td class="num">',
                escape(t_7(environment.getattr((undefined(name='e') if l_0_e is missing else l_0_e), 'not_reached'))),
                '</td>',
            ))
        t_61.extend((
            '<td class="',
            escape(('' if environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'closes') else 'alarm')),
            '">',
            escape((context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.closes') if environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'closes') else context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.does_not_close'))),
            '</td></tr></tfoot>\n</table>\n',
        ))
        return concat(t_61)
    caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
    yield context.call((undefined(name='region') if l_0_region is missing else l_0_region), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.equation'), caller=caller)
    if (not t_23(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'distinct'))):
        pass
        yield '<p>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.distinct', items=t_7(environment.getattr((undefined(name='e') if l_0_e is missing else l_0_e), 'digested')), distinct=t_7(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'distinct'))))
        yield '</p>\n'
    def macro():
        t_62 = []
        pass
        t_62.extend((
            '<table class="broad">\n<caption>',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.directories')),
            '</caption>\n<thead><tr><th scope="col">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.volume')),
            '</th><th scope="col" class="num">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.directories')),
            '</th><th scope="col" class="num">= ',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.directories_listed')),
            '</th><th scope="col" class="num">+ ',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.directories_not_listed')),
            '</th><th scope="col" class="num">+ ',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.directories_met_before')),
            '</th></tr></thead>\n<tbody>\n',
        ))
        for l_2_x in environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'exhibits'):
            _loop_vars = {}
            pass
            for l_3_s in environment.getattr(l_2_x, 'sources'):
                _loop_vars = {}
                pass
                def t_63(fiter):
                    for l_4_v in fiter:
                        if (environment.getattr(l_4_v, 'state') in ('examined', 'in-part')):
                            yield l_4_v
                for l_4_v in t_63(environment.getattr(l_3_s, 'volumes')):
                    _loop_vars = {}
                    pass
                    t_62.extend((
                        '<tr><th scope="row"><bdi>',
                        escape(t_5(markup_join((environment.getattr(l_3_s, 'label'), '/', environment.getattr(l_4_v, 'key'), )))),
                        '</bdi></th><td class="num">',
                        escape(t_7(environment.getattr(environment.getattr(l_4_v, 'equation'), 'directories'))),
                        '</td><td class="num">',
                        escape(t_7(environment.getattr(environment.getattr(l_4_v, 'equation'), 'directories_listed'))),
                        '</td><td class="num">',
                        escape(t_7(environment.getattr(environment.getattr(l_4_v, 'equation'), 'directories_not_listed'))),
                        '</td><td class="num">',
                        escape(t_7(environment.getattr(environment.getattr(l_4_v, 'equation'), 'directories_met_before'))),
                        '</td></tr>\n',
                    ))
                l_4_v = missing
            l_3_s = missing
        l_2_x = missing
        t_62.extend((
            '</tbody>\n<tfoot><tr><th scope="row">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.all')),
            '</th><td class="num">',
            escape(t_7(environment.getattr((undefined(name='e') if l_0_e is missing else l_0_e), 'directories'))),
            '</td><td class="num">',
            escape(t_7(environment.getattr((undefined(name='e') if l_0_e is missing else l_0_e), 'directories_listed'))),
            '</td><td class="num">',
            escape(t_7(environment.getattr((undefined(name='e') if l_0_e is missing else l_0_e), 'directories_not_listed'))),
            '</td><td class="num">',
            escape(t_7(environment.getattr((undefined(name='e') if l_0_e is missing else l_0_e), 'directories_met_before'))),
            '</td></tr></tfoot>\n</table>\n',
        ))
        return concat(t_62)
    caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
    yield context.call((undefined(name='region') if l_0_region is missing else l_0_region), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.directories'), caller=caller)
    yield '<h3>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.inside'))
    yield '</h3>\n<p>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.inside_text'))
    yield '</p>\n<div class="pair inside">\n<div>\n'
    yield escape(context.call((undefined(name='inside') if l_0_inside is missing else l_0_inside), 'pictures.', environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'pictures'), ('decoded', 'in_part', 'undecodable', 'over_limit', 'known_good', 'matched', 'other_types', 'not_tried')))
    yield '\n</div>\n<div>\n'
    yield escape(context.call((undefined(name='inside') if l_0_inside is missing else l_0_inside), 'containers.', environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'containers'), ('opened', 'in_part', 'not_opened', 'known_good', 'by_profile', 'other_types', 'not_tried')))
    yield '\n</div>\n</div>\n'
    l_0_asked = t_4(context.eval_ctx, t_16(context, environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'exhibits'), 'metadata'))
    context.vars['asked'] = l_0_asked
    context.exported_vars.add('asked')
    if (undefined(name='asked') if l_0_asked is missing else l_0_asked):
        pass
        yield '<h3>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'metadata.title'))
        yield '</h3>\n<p>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'metadata.text'))
        yield '</p>\n'
        def macro():
            t_64 = []
            pass
            t_64.extend((
                '<table>\n<caption>',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'metadata.title')),
                '</caption>\n<thead><tr><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'metadata.exhibit')),
                '</th>',
            ))
            for l_2_part in ('read', 'found', 'nothing', 'unreadable', 'positions'):
                _loop_vars = {}
                pass
                t_64.extend((
                    '<th scope="col" class="num">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('metadata.', l_2_part, )), _loop_vars=_loop_vars)),
                    '</th>',
                ))
            l_2_part = missing
            t_64.append(
                '</tr></thead>\n<tbody>\n',
            )
            for l_2_x in (undefined(name='asked') if l_0_asked is missing else l_0_asked):
                _loop_vars = {}
                pass
                t_64.extend((
                    '<tr><th scope="row"><bdi>',
                    escape(environment.getattr(l_2_x, 'label')),
                    '</bdi></th>',
                ))
                for l_3_part in ('read', 'found', 'nothing', 'unreadable', 'positions'):
                    _loop_vars = {}
                    pass
                    t_64.extend((
                        '<td class="num">',
                        escape(t_7(environment.getitem(environment.getattr(l_2_x, 'metadata'), l_3_part))),
                        '</td>',
                    ))
                l_3_part = missing
                t_64.append(
                    '</tr>\n',
                )
            l_2_x = missing
            t_64.append(
                '</tbody>\n</table>\n',
            )
            return concat(t_64)
        caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
        yield context.call((undefined(name='region') if l_0_region is missing else l_0_region), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'metadata.title'), caller=caller)
        def macro():
            t_65 = []
            pass
            t_65.extend((
                '<table>\n<caption>',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'metadata.devices')),
                '</caption>\n',
            ))
            if environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'devices'):
                pass
                t_65.extend((
                    '<thead><tr><th scope="col">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'metadata.tag')),
                    '</th><th scope="col">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'metadata.names')),
                    '</th><th scope="col" class="num">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'metadata.files')),
                    '</th><th scope="col" class="num">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'metadata.findings')),
                    '</th><th scope="col">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'metadata.exhibits')),
                    '</th></tr></thead>\n<tbody>\n',
                ))
                l_2_loop = missing
                for l_2_device, l_2_loop in LoopContext(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'devices')[:40], undefined):
                    _loop_vars = {}
                    pass
                    t_65.extend((
                        '<tr><th scope="row"><code>',
                        escape(environment.getattr(l_2_device, 'tag')),
                        '</code></th><td>',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), ('metadata.by_serial' if environment.getattr(l_2_device, 'by_serial') else 'metadata.by_model'), _loop_vars=_loop_vars)),
                        '</td><td class="num">',
                        escape(t_7(environment.getattr(l_2_device, 'files'))),
                        '</td><td class="num">',
                        escape(t_7(environment.getattr(l_2_device, 'findings'))),
                        '</td><td>',
                    ))
                    l_3_loop = missing
                    for l_3_label, l_3_loop in LoopContext(environment.getattr(l_2_device, 'exhibits'), undefined):
                        _loop_vars = {}
                        pass
                        t_65.extend((
                            '<bdi>',
                            escape(l_3_label),
                            '</bdi>',
                        ))
                        if (not environment.getattr(l_3_loop, 'last')):
                            pass
                            t_65.append(
                                ', ',
                            )
                    l_3_loop = l_3_label = missing
                    t_65.append(
                        '</td></tr>\n',
                    )
                l_2_loop = l_2_device = missing
                if (t_3(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'devices')) > 40):
                    pass
                    t_65.extend((
                        '<tr><td colspan="5">',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'metadata.more', count=t_7(t_3(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'devices'))))),
                        '</td></tr>\n',
                    ))
                t_65.append(
                    '</tbody>\n',
                )
            else:
                pass
                t_65.extend((
                    '<tbody><tr><td>',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'metadata.no_devices')),
                    '</td></tr></tbody>\n',
                ))
            t_65.append(
                '</table>\n',
            )
            return concat(t_65)
        caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
        yield context.call((undefined(name='region') if l_0_region is missing else l_0_region), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'metadata.devices'), caller=caller)
    for (l_1_title, l_1_policy) in ((context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.gap_title'), False), (context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.policy_title'), True)):
        l_1_gap_rows = resolve('gap_rows')
        l_1_gaps = missing
        _loop_vars = {}
        pass
        l_1_gaps = context.call((undefined(name='gap_rows') if l_1_gap_rows is missing else l_1_gap_rows), (undefined(name='c') if l_0_c is missing else l_0_c), policy=l_1_policy, _loop_vars=_loop_vars)
        _loop_vars['gaps'] = l_1_gaps
        def macro():
            t_66 = []
            pass
            t_66.extend((
                '<table>\n<caption>',
                escape(l_1_title),
                '</caption>\n',
            ))
            if (undefined(name='gaps') if l_1_gaps is missing else l_1_gaps):
                pass
                t_66.extend((
                    '<thead><tr><th scope="col" class="num">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.count')),
                    '</th><th scope="col">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.gap')),
                    '</th><th scope="col" class="num">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.bytes')),
                    '</th><th scope="col">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.examples')),
                    '</th></tr></thead>\n<tbody>\n',
                ))
                for l_3_gap in (undefined(name='gaps') if l_1_gaps is missing else l_1_gaps):
                    _loop_vars = {}
                    pass
                    t_66.extend((
                        '<tr><td class="num strong">',
                        escape(t_7(environment.getattr(l_3_gap, 'count'))),
                        '</td><td>',
                        escape(context.call((undefined(name='gap_text') if l_0_gap_text is missing else l_0_gap_text), l_3_gap, _loop_vars=_loop_vars)),
                        '<br class="t"><span class="second">',
                        escape(environment.getattr(l_3_gap, 'code')),
                        '</span></td><td class="num">',
                    ))
                    if environment.getattr(l_3_gap, 'size'):
                        pass
                        t_66.append(
                            escape(t_17(environment.getattr(l_3_gap, 'size'))),
                        )
                    t_66.append(
                        '</td><td>',
                    )
                    for l_4_one in environment.getattr(l_3_gap, 'examples'):
                        _loop_vars = {}
                        pass
                        t_66.extend((
                            '<br class="t"><code><bdi>',
                            escape(t_5(l_4_one)),
                            '</bdi></code>',
                        ))
                    l_4_one = missing
                    t_66.append(
                        '</td></tr>\n',
                    )
                l_3_gap = missing
                t_66.append(
                    '</tbody>\n',
                )
            else:
                pass
                t_66.extend((
                    '<tbody><tr><td>',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.no_gaps')),
                    '</td></tr></tbody>\n',
                ))
            t_66.append(
                '</table>\n',
            )
            return concat(t_66)
        caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
        yield context.call((undefined(name='region') if l_0_region is missing else l_0_region), l_1_title, caller=caller, _loop_vars=_loop_vars)
    l_1_title = l_1_policy = l_1_gap_rows = l_1_gaps = missing
    def macro():
        t_67 = []
        pass
        t_67.extend((
            '<table>\n<caption>',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.area_title')),
            '</caption>\n<thead><tr><th scope="col">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.area')),
            '</th><th scope="col">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.gap')),
            '</th><th scope="col" class="num">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.bytes')),
            '</th></tr></thead>\n<tbody>\n',
        ))
        for l_2_area in environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'areas'):
            l_2_w = resolve('w')
            _loop_vars = {}
            pass
            t_67.extend((
                '<tr><th scope="row"><bdi>',
                escape(t_5(environment.getattr(l_2_area, 'where'))),
                '</bdi></th><td>',
                escape(context.call((undefined(name='w') if l_2_w is missing else l_2_w), 'gap', environment.getattr(l_2_area, 'code'), environment.getattr(l_2_area, 'text'), _loop_vars=_loop_vars)),
                '</td><td class="num">',
                escape(t_17(environment.getattr(l_2_area, 'size'))),
                '</td></tr>\n',
            ))
        l_2_area = l_2_w = missing
        t_67.extend((
            '<tr><th scope="row">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.unallocated')),
            '</th><td>',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('unallocated_value.', environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'unallocated'), )))),
            '</td><td></td></tr>\n</tbody>\n</table>\n',
        ))
        return concat(t_67)
    caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
    yield context.call((undefined(name='region') if l_0_region is missing else l_0_region), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.area_title'), caller=caller)
    yield '<div class="pair figures">\n<div>\n'
    def macro():
        t_68 = []
        pass
        t_68.extend((
            '<table class="tight">\n<caption>',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.types')),
            '</caption>\n<thead><tr><th scope="col">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.type')),
            '</th><th scope="col" class="num">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.seen')),
            '</th><th scope="col" class="num">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.comparable')),
            '</th><th scope="col" class="num">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.misnamed')),
            '</th><th scope="col" class="num">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.bytes')),
            '</th></tr></thead>\n<tbody>\n',
        ))
        for l_2_row in environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'types'):
            _loop_vars = {}
            pass
            t_68.extend((
                '<tr><th scope="row">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('type_class.', environment.getattr(l_2_row, 'type_class'), )), _loop_vars=_loop_vars)),
                '</th><td class="num">',
                escape(t_7(environment.getattr(l_2_row, 'seen'))),
                '</td><td class="num">',
                escape(t_7(environment.getattr(l_2_row, 'comparable'))),
                '</td><td class="num">',
                escape(t_7(environment.getattr(l_2_row, 'misnamed'))),
                '</td><td class="num">',
                escape(t_17(environment.getattr(l_2_row, 'size'))),
                '</td></tr>\n',
            ))
        l_2_row = missing
        t_68.append(
            '</tbody>\n</table>\n',
        )
        return concat(t_68)
    caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
    yield context.call((undefined(name='region') if l_0_region is missing else l_0_region), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.types'), caller=caller)
    if t_19(environment, environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'types'), attribute='misnamed'):
        pass
        yield '<p class="scope">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.misnamed_text'))
        yield '</p>'
    yield '</div>\n<div>\n'
    def macro():
        t_69 = []
        pass
        t_69.extend((
            '<table class="tight">\n<caption>',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.bytes_title')),
            '</caption>\n<tbody>\n<tr><th scope="row">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.item_bytes')),
            '</th><td class="num">',
            escape(t_7(environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'item_bytes'))),
            '</td></tr>\n<tr><th scope="row">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.item_bytes_examined')),
            '</th><td class="num">',
            escape(t_7(environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'item_bytes_examined'))),
            '</td></tr>\n<tr><th scope="row">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.volume_bytes')),
            '</th><td class="num">',
            escape(t_7(environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'volume_bytes'))),
            '</td></tr>\n<tr><th scope="row">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.volume_bytes_not_opened')),
            '</th><td class="num">',
            escape(t_7(environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'volume_bytes_not_opened'))),
            '</td></tr>\n<tr><th scope="row">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.unallocated')),
            '</th><td class="num"><span class="wrapped">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('unallocated_value.', environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'unallocated'), )))),
            '</span></td></tr>\n',
        ))
        if environment.getattr(environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'blocks'), 'volume'):
            pass
            t_69.extend((
                '<tr><th scope="row">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.blocks')),
                '</th><td class="num">',
                escape(t_7(environment.getattr(environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'blocks'), 'volume'))),
                '</td></tr>\n<tr><td colspan="2">',
                escape(context.call((undefined(name='bytes_of') if l_0_bytes_of is missing else l_0_bytes_of), environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'blocks'))),
                '</td></tr>\n<tr><th scope="row">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.blocks_searched')),
                '</th><td class="num">',
                escape(t_7(environment.getattr(environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'blocks'), 'searched'))),
                '</td></tr>\n<tr><th scope="row">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.blocks_slack')),
                '</th><td class="num">',
                escape(t_7(environment.getattr(environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'blocks'), 'slack_searched'))),
                '</td></tr>\n',
            ))
        t_69.extend((
            '<tr><th scope="row">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.share')),
            '</th><td class="num strong">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.share_value', percent=t_9(environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'percent_of_bytes')))),
            '</td></tr>\n</tbody>\n</table>\n',
        ))
        return concat(t_69)
    caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
    yield context.call((undefined(name='region') if l_0_region is missing else l_0_region), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.bytes_title'), caller=caller)
    yield '</div>\n</div>\n'
    def macro():
        t_70 = []
        pass
        t_70.extend((
            '<table class="broad">\n<caption>',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.volumes')),
            '</caption>\n<thead><tr><th scope="col">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.volume')),
            '</th><th scope="col">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.file_system')),
            '</th><th scope="col" class="num">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.offset')),
            '</th><th scope="col" class="num">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.size')),
            '</th><th scope="col">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.state')),
            '</th><th scope="col">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.sweep')),
            '</th><th scope="col">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.times')),
            '</th></tr></thead>\n<tbody>\n',
        ))
        for l_2_x in environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'exhibits'):
            _loop_vars = {}
            pass
            for l_3_s in environment.getattr(l_2_x, 'sources'):
                _loop_vars = {}
                pass
                for l_4_v in environment.getattr(l_3_s, 'volumes'):
                    l_4_w = resolve('w')
                    _loop_vars = {}
                    pass
                    t_70.extend((
                        '<tr><th scope="row"><bdi>',
                        escape(t_5(markup_join((environment.getattr(l_3_s, 'label'), '/', environment.getattr(l_4_v, 'key'), )))),
                        '</bdi></th><td>',
                        escape(context.call((undefined(name='w') if l_4_w is missing else l_4_w), 'file_system', environment.getattr(l_4_v, 'file_system'), _loop_vars=_loop_vars)),
                        '</td><td class="num">',
                        escape(t_7(environment.getattr(l_4_v, 'offset'))),
                        '</td><td class="num">',
                        escape(t_17(environment.getattr(l_4_v, 'size'))),
                        '</td><td>',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('state.', ('in-part' if ((environment.getattr(l_4_v, 'state') == 'examined') and environment.getattr(environment.getattr(l_4_v, 'equation'), 'not_reached')) else environment.getattr(l_4_v, 'state')), )), _loop_vars=_loop_vars)),
                    ))
                    if (environment.getattr(l_4_v, 'encryption') != 'none'):
                        pass
                        t_70.extend((
                            '<br class="t"><span class="second">',
                            escape(context.call((undefined(name='w') if l_4_w is missing else l_4_w), 'encryption', environment.getattr(l_4_v, 'encryption'), _loop_vars=_loop_vars)),
                            '</span>',
                        ))
                    t_70.extend((
                        '</td><td><bdi>',
                        escape((context.call((undefined(name='w') if l_4_w is missing else l_4_w), 'sweep', environment.getattr(l_4_v, 'sweep'), _loop_vars=_loop_vars) if (environment.getattr(l_4_v, 'state') in ('examined', 'in-part')) else '–')),
                        '</bdi></td><td>',
                    ))
                    for l_5_m in environment.getattr(l_4_v, 'times'):
                        _loop_vars = {}
                        pass
                        t_70.extend((
                            '<br class="t"><span class="second">',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'time.basis', which=context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('time.', environment.getattr(l_5_m, 'which'), )), _loop_vars=_loop_vars), zone=context.call((undefined(name='w') if l_4_w is missing else l_4_w), 'time', environment.getattr(l_5_m, 'zone'), _loop_vars=_loop_vars), resolution=t_13(environment.getattr(l_5_m, 'resolution_ns')), _loop_vars=_loop_vars)),
                            '</span>',
                        ))
                    l_5_m = missing
                    t_70.append(
                        '</td></tr>\n',
                    )
                l_4_v = l_4_w = missing
            l_3_s = missing
        l_2_x = missing
        t_70.append(
            '</tbody>\n</table>\n',
        )
        return concat(t_70)
    caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
    yield context.call((undefined(name='region') if l_0_region is missing else l_0_region), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.volumes'), caller=caller)
    yield '\n'
    if environment.getattr(environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'blocks'), 'volume'):
        pass
        def macro():
            t_71 = []
            pass
            t_71.extend((
                '<table class="broad">\n<caption>',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.blocks_title')),
                '</caption>\n<thead><tr><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.volume')),
                '</th><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.file_system')),
                '</th><th scope="col" class="num">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.bytes')),
                '</th><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.blocks_where')),
                '</th></tr></thead>\n<tbody>\n',
            ))
            for l_2_x in environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'exhibits'):
                _loop_vars = {}
                pass
                for l_3_s in environment.getattr(l_2_x, 'sources'):
                    _loop_vars = {}
                    pass
                    def t_72(fiter):
                        for l_4_v in fiter:
                            if (environment.getattr(l_4_v, 'state') in ('examined', 'in-part')):
                                yield l_4_v
                    for l_4_v in t_72(environment.getattr(l_3_s, 'volumes')):
                        _loop_vars = {}
                        pass
                        t_71.extend((
                            '<tr><th scope="row"><bdi>',
                            escape(t_5(markup_join((environment.getattr(l_3_s, 'label'), '/', environment.getattr(l_4_v, 'key'), )))),
                            '</bdi></th><td>',
                            escape(environment.getattr(l_4_v, 'file_system')),
                            '</td><td class="num">',
                            escape((t_7(environment.getattr(environment.getattr(l_4_v, 'blocks'), 'volume')) if environment.getattr(environment.getattr(l_4_v, 'blocks'), 'volume') else '–')),
                            '</td><td>',
                            escape((context.call((undefined(name='bytes_of') if l_0_bytes_of is missing else l_0_bytes_of), environment.getattr(l_4_v, 'blocks'), _loop_vars=_loop_vars) if environment.getattr(environment.getattr(l_4_v, 'blocks'), 'volume') else context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.blocks_none', _loop_vars=_loop_vars))),
                            '</td></tr>\n',
                        ))
                    l_4_v = missing
                l_3_s = missing
            l_2_x = missing
            t_71.append(
                '</tbody>\n</table>\n',
            )
            return concat(t_71)
        caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
        yield context.call((undefined(name='region') if l_0_region is missing else l_0_region), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.blocks_title'), caller=caller)
        yield '<p class="scope">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.blocks_text'))
        yield '</p>\n'
    yield '\n'
    yield escape(context.call((undefined(name='heading') if l_0_heading is missing else l_0_heading), 'findings'))
    yield '\n<p>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), ('findings.intro_sealed' if (environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'level') == 'sealed') else 'findings.intro')))
    yield '</p>\n'
    def macro(l_1_list, l_1_withdrawn):
        t_73 = []
        if l_1_list is missing:
            l_1_list = undefined("parameter 'list' was not provided", name='list')
        if l_1_withdrawn is missing:
            l_1_withdrawn = undefined("parameter 'withdrawn' was not provided", name='withdrawn')
        pass
        def macro():
            t_74 = []
            pass
            t_74.extend((
                '<table class="broad">\n<thead><tr><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.number')),
                '</th><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.where')),
                '</th><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.match')),
                '</th><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.category')),
                '</th><th scope="col">',
                escape((context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'withdrawn.reason') if l_1_withdrawn else context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.times'))),
                '</th></tr></thead>\n<tbody>\n',
            ))
            for l_3_f in l_1_list[:(undefined(name='rows') if l_0_rows is missing else l_0_rows)]:
                l_3_names = resolve('names')
                l_3_w = resolve('w')
                _loop_vars = {}
                pass
                t_74.extend((
                    '<tr><th scope="row" class="nowrap">',
                    escape(environment.getattr(l_3_f, 'number')),
                    '</th><td><bdi class="strong">',
                    escape(environment.getattr(l_3_f, 'exhibit')),
                    '</bdi><br class="t"><code><bdi>',
                    escape(t_5(environment.getattr(l_3_f, 'locator'))),
                    '</bdi></code>',
                ))
                if (environment.getattr(l_3_f, 'number') in (undefined(name='names') if l_3_names is missing else l_3_names)):
                    pass
                    t_74.extend((
                        '<br class="t"><span class="second name">',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.path', _loop_vars=_loop_vars)),
                        ': <bdi>',
                        escape(t_5(environment.getitem((undefined(name='names') if l_3_names is missing else l_3_names), environment.getattr(l_3_f, 'number')))),
                        '</bdi></span>',
                    ))
                t_74.extend((
                    '<br class="t"><span class="second">',
                    escape(environment.getattr(l_3_f, 'type')),
                    ', ',
                    escape(t_17(environment.getattr(l_3_f, 'size'))),
                    ', ',
                ))
                if environment.getattr(l_3_f, 'allocated'):
                    pass
                    t_74.append(
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.allocated', _loop_vars=_loop_vars)),
                    )
                elif (environment.getitem(context.call(environment.getattr(environment.getattr(l_3_f, 'locator'), 'split'), '/', _loop_vars=_loop_vars), -1)[:2] in ('c@', 's@')):
                    pass
                    t_74.append(
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.carved', _loop_vars=_loop_vars)),
                    )
                elif (environment.getitem(context.call(environment.getattr(environment.getattr(l_3_f, 'locator'), 'split'), '/', _loop_vars=_loop_vars), -1)[:2] == 'p@'):
                    pass
                    t_74.append(
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.begun', _loop_vars=_loop_vars)),
                    )
                else:
                    pass
                    t_74.append(
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.deleted', _loop_vars=_loop_vars)),
                    )
                    if environment.getattr(l_3_f, 'reuse'):
                        pass
                        t_74.extend((
                            ' (',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('reuse.', environment.getattr(l_3_f, 'reuse'), )), _loop_vars=_loop_vars)),
                            ')',
                        ))
                t_74.extend((
                    ', ',
                    escape(context.call((undefined(name='w') if l_3_w is missing else l_3_w), 'place', environment.getattr(l_3_f, 'place'), _loop_vars=_loop_vars)),
                    '</span></td><td><span class="strong">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('grade.', environment.getattr(l_3_f, 'grade'), )), _loop_vars=_loop_vars)),
                    '</span>',
                ))
                if (not t_23(environment.getattr(l_3_f, 'listed_size'))):
                    pass
                    t_74.extend((
                        '<br class="t"><span class="second">',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.listed_size', size=context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'format.bytes', count=t_7(environment.getattr(l_3_f, 'listed_size')), _loop_vars=_loop_vars), _loop_vars=_loop_vars)),
                        '</span>',
                    ))
                if (environment.getattr(l_3_f, 'near') and environment.getattr(environment.getattr(l_3_f, 'near'), 'plugin')):
                    pass
                    t_74.extend((
                        '<br class="t"><span class="second">',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.near_plugin', algorithm=context.call((undefined(name='w') if l_3_w is missing else l_3_w), 'algorithm', environment.getattr(environment.getattr(l_3_f, 'near'), 'algorithm'), _loop_vars=_loop_vars), plugin=environment.getattr(environment.getattr(environment.getattr(l_3_f, 'near'), 'plugin'), 'name'), version=environment.getattr(environment.getattr(environment.getattr(l_3_f, 'near'), 'plugin'), 'version'), distance=t_7(environment.getattr(environment.getattr(l_3_f, 'near'), 'distance')), radius=t_7(environment.getattr(environment.getattr(l_3_f, 'near'), 'radius')), _loop_vars=_loop_vars)),
                        '</span>',
                    ))
                elif environment.getattr(l_3_f, 'near'):
                    pass
                    t_74.extend((
                        '<br class="t"><span class="second">',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.near', algorithm=context.call((undefined(name='w') if l_3_w is missing else l_3_w), 'algorithm', environment.getattr(environment.getattr(l_3_f, 'near'), 'algorithm'), _loop_vars=_loop_vars), view=context.call((undefined(name='w') if l_3_w is missing else l_3_w), 'view', environment.getattr(environment.getattr(l_3_f, 'near'), 'view'), _loop_vars=_loop_vars), distance=t_7(environment.getattr(environment.getattr(l_3_f, 'near'), 'distance')), radius=t_7(environment.getattr(environment.getattr(l_3_f, 'near'), 'radius')), quality=t_7(environment.getattr(environment.getattr(l_3_f, 'near'), 'quality')), listed=(t_7(environment.getattr(environment.getattr(l_3_f, 'near'), 'listed_quality')) if (not t_23(environment.getattr(environment.getattr(l_3_f, 'near'), 'listed_quality'))) else context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'format.not_stated', _loop_vars=_loop_vars)), _loop_vars=_loop_vars)),
                        '</span>',
                    ))
                if environment.getattr(l_3_f, 'near'):
                    pass
                    t_74.extend((
                        '<br class="t"><span class="second">',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), ('findings.near_drawn' if environment.getattr(environment.getattr(l_3_f, 'near'), 'drawn') else ('findings.near_unknown' if (not environment.getattr(environment.getattr(l_3_f, 'near'), 'expected')) else ('findings.near_rare' if t_8(environment.getattr(environment.getattr(l_3_f, 'near'), 'expected')) else 'findings.near_chance'))), comparisons=t_7(environment.getattr(environment.getattr(l_3_f, 'near'), 'comparisons')), expected=environment.getattr(environment.getattr(l_3_f, 'near'), 'expected'), one_in=t_7(t_8(environment.getattr(environment.getattr(l_3_f, 'near'), 'expected'))), _loop_vars=_loop_vars)),
                        '</span>',
                    ))
                    if environment.getattr(environment.getattr(l_3_f, 'near'), 'film'):
                        pass
                        t_74.extend((
                            '<br class="t"><span class="second">',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.near_film', frames=t_7(environment.getattr(environment.getattr(environment.getattr(l_3_f, 'near'), 'film'), 'frames')), frames_of=t_7(environment.getattr(environment.getattr(environment.getattr(l_3_f, 'near'), 'film'), 'frames_of')), listed=t_7(environment.getattr(environment.getattr(environment.getattr(l_3_f, 'near'), 'film'), 'listed')), listed_of=t_7(environment.getattr(environment.getattr(environment.getattr(l_3_f, 'near'), 'film'), 'listed_of')), _loop_vars=_loop_vars)),
                            escape(context.call((undefined(name='spans') if l_0_spans is missing else l_0_spans), environment.getattr(environment.getattr(environment.getattr(l_3_f, 'near'), 'film'), 'ranges'), _loop_vars=_loop_vars)),
                            '</span>',
                        ))
                        if environment.getattr(environment.getattr(environment.getattr(l_3_f, 'near'), 'film'), 'listed_ranges'):
                            pass
                            t_74.extend((
                                '<br class="t"><span class="second">',
                                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.near_film_listed', _loop_vars=_loop_vars)),
                                escape(context.call((undefined(name='spans') if l_0_spans is missing else l_0_spans), environment.getattr(environment.getattr(environment.getattr(l_3_f, 'near'), 'film'), 'listed_ranges'), _loop_vars=_loop_vars)),
                                '</span>',
                            ))
                    if (environment.getattr(environment.getattr(l_3_f, 'near'), 'more') or environment.getattr(environment.getattr(l_3_f, 'near'), 'more_at_least')):
                        pass
                        t_74.extend((
                            '<br class="t"><span class="second">',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), ('findings.near_more' if (not environment.getattr(environment.getattr(l_3_f, 'near'), 'more_at_least')) else ('findings.near_more_at_least' if environment.getattr(environment.getattr(l_3_f, 'near'), 'more') else 'findings.near_more_unknown')), count=t_7(environment.getattr(environment.getattr(l_3_f, 'near'), 'more')), _loop_vars=_loop_vars)),
                            '</span>',
                        ))
                t_74.extend((
                    '<br class="t"><span class="second">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('kind.', environment.getattr(l_3_f, 'kind'), )), _loop_vars=_loop_vars)),
                    ': ',
                    escape(context.call((undefined(name='set_name') if l_0_set_name is missing else l_0_set_name), environment.getattr(l_3_f, 'set_name'), environment.getattr(l_3_f, 'issuer'), environment.getattr(l_3_f, 'edition'), _loop_vars=_loop_vars)),
                    '</span></td><td>',
                ))
                if (environment.getattr(l_3_f, 'kind') == 'watch'):
                    pass
                    t_74.append(
                        '–',
                    )
                else:
                    pass
                    t_74.append(
                        escape(context.call((undefined(name='category') if l_0_category is missing else l_0_category), environment.getattr(l_3_f, 'category'), _loop_vars=_loop_vars)),
                    )
                    if environment.getattr(environment.getattr(l_3_f, 'category'), 'scheme'):
                        pass
                        t_74.extend((
                            ' (<bdi>',
                            escape(t_20(markup_join((environment.getattr(environment.getattr(l_3_f, 'category'), 'scheme'), ' ', environment.getattr(environment.getattr(l_3_f, 'category'), 'region'), )))),
                            '</bdi>)',
                        ))
                    if environment.getattr(environment.getattr(l_3_f, 'category'), 'label'):
                        pass
                        t_74.extend((
                            '<br class="t"><span class="second"><bdi>',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'category.label', label=environment.getattr(environment.getattr(l_3_f, 'category'), 'label'), _loop_vars=_loop_vars)),
                            '</bdi></span>',
                        ))
                    for l_4_tag in environment.getattr(environment.getattr(l_3_f, 'category'), 'tags'):
                        _loop_vars = {}
                        pass
                        t_74.extend((
                            '<br class="t"><span class="second"><bdi>',
                            escape(l_4_tag),
                            '</bdi></span>',
                        ))
                    l_4_tag = missing
                    t_74.append(
                        escape(context.call((undefined(name='standing') if l_0_standing is missing else l_0_standing), 'notable', environment.getattr(l_3_f, 'category'), _loop_vars=_loop_vars)),
                    )
                    if (t_23(environment.getattr(l_3_f, 'victim_identified')) and t_23(environment.getattr(l_3_f, 'offender_identified'))):
                        pass
                        t_74.extend((
                            '<br class="t"><span class="second">',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.not_said', _loop_vars=_loop_vars)),
                            '</span>',
                        ))
                    else:
                        pass
                        if (not t_23(environment.getattr(l_3_f, 'victim_identified'))):
                            pass
                            t_74.extend((
                                '<br class="t"><span class="second">',
                                escape((context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.victim_yes', _loop_vars=_loop_vars) if environment.getattr(l_3_f, 'victim_identified') else context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.victim_no', _loop_vars=_loop_vars))),
                                '</span>',
                            ))
                        if (not t_23(environment.getattr(l_3_f, 'offender_identified'))):
                            pass
                            t_74.extend((
                                '<br class="t"><span class="second">',
                                escape((context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.offender_yes', _loop_vars=_loop_vars) if environment.getattr(l_3_f, 'offender_identified') else context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.offender_no', _loop_vars=_loop_vars))),
                                '</span>',
                            ))
                t_74.append(
                    '</td><td>',
                )
                if l_1_withdrawn:
                    pass
                    t_74.extend((
                        '<bdi>',
                        escape((context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'withdrawn.not_in', edition=environment.getattr(l_3_f, 'not_in'), _loop_vars=_loop_vars) if environment.getattr(l_3_f, 'not_in') else (environment.getattr(l_3_f, 'reason') or context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'format.not_stated', _loop_vars=_loop_vars)))),
                        '</bdi>',
                    ))
                else:
                    pass
                    if (environment.getattr(l_3_f, 'status') == 'provisional'):
                        pass
                        t_74.extend((
                            '<span class="strong">',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.provisional', _loop_vars=_loop_vars)),
                            '</span>',
                        ))
                    t_75 = 1
                    for l_4_m in environment.getattr(l_3_f, 'times'):
                        _loop_vars = {}
                        pass
                        t_74.extend((
                            '<br class="t"><span class="second">',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('time.', environment.getattr(l_4_m, 'which'), )), _loop_vars=_loop_vars)),
                            ' <span class="nowrap">',
                            escape(t_12(context.eval_ctx, environment.getattr(l_4_m, 'text'), 'T', ' ')),
                            '</span>',
                        ))
                        if (environment.getattr(l_4_m, 'zone') != 'utc'):
                            pass
                            t_74.extend((
                                ' (',
                                escape(context.call((undefined(name='w') if l_3_w is missing else l_3_w), 'time', environment.getattr(l_4_m, 'zone'), _loop_vars=_loop_vars)),
                                ')',
                            ))
                        t_74.append(
                            '</span>',
                        )
                        t_75 = 0
                    l_4_m = missing
                    if t_75:
                        pass
                        t_74.extend((
                            '<br class="t"><span class="second">',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.no_times')),
                            '</span>',
                        ))
                t_74.append(
                    '</td></tr>\n',
                )
            l_3_f = l_3_names = l_3_w = missing
            t_74.append(
                '</tbody>\n</table>\n',
            )
            return concat(t_74)
        caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
        t_73.append(context.call((undefined(name='region') if l_0_region is missing else l_0_region), context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join((('withdrawn' if l_1_withdrawn else 'findings'), '.title', ))), caller=caller))
        if (t_3(l_1_list) > (undefined(name='rows') if l_0_rows is missing else l_0_rows)):
            pass
            t_73.extend((
                '<p class="strong">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.shown', shown=t_7((undefined(name='rows') if l_0_rows is missing else l_0_rows)), count=t_7(t_3(l_1_list)))),
                '</p>',
            ))
        return concat(t_73)
    context.exported_vars.add('finding_rows')
    context.vars['finding_rows'] = l_0_finding_rows = Macro(environment, macro, 'finding_rows', ('list', 'withdrawn'), False, False, False, context.eval_ctx.autoescape)
    yield escape(context.call((undefined(name='draw') if l_0_draw is missing else l_0_draw), 'findings'))
    yield '\n'
    if (environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'level') == 'summary'):
        pass
        yield '<p class="strong">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.summary'))
        yield '</p>\n'
    elif (undefined(name='current') if l_0_current is missing else l_0_current):
        pass
        yield escape(context.call((undefined(name='finding_rows') if l_0_finding_rows is missing else l_0_finding_rows), (undefined(name='current') if l_0_current is missing else l_0_current), False))
        yield '\n'
    else:
        pass
        yield '<p class="strong">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.none'))
        yield '</p>\n'
    if (environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'level') != 'summary'):
        pass
        yield '<h3 id="withdrawn">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'withdrawn.title'))
        yield '</h3>\n'
        if (undefined(name='withdrawn') if l_0_withdrawn is missing else l_0_withdrawn):
            pass
            yield '<p>'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'withdrawn.intro'))
            yield '</p>\n'
            yield escape(context.call((undefined(name='finding_rows') if l_0_finding_rows is missing else l_0_finding_rows), (undefined(name='withdrawn') if l_0_withdrawn is missing else l_0_withdrawn), True))
            yield '\n'
        else:
            pass
            yield '<p>'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'withdrawn.none'))
            yield '</p>\n'
    yield '\n'
    yield escape(context.call((undefined(name='heading') if l_0_heading is missing else l_0_heading), 'limitations'))
    yield '\n<ul>\n'
    for l_1_key in ('absence', 'inside', 'sets', 'digests', 'act', 'deleted', 'times', 'before'):
        _loop_vars = {}
        pass
        yield '<li>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('limitations.', l_1_key, )), _loop_vars=_loop_vars))
        yield '</li>\n'
    l_1_key = missing
    if t_4(context.eval_ctx, t_11(context, t_11(context, environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'runs'), 'purpose', 'equalto', 'match'), 'isolation', 'in', ('a3', 'a4'))):
        pass
        yield '<li>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'limitations.isolation'))
        yield '</li>\n'
    yield '</ul>\n'
    if environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'limitations'):
        pass
        yield '<h3>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'limitations.case'))
        yield '</h3>\n<ul>\n'
        for l_1_text in environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'limitations'):
            _loop_vars = {}
            pass
            yield '<li><bdi>'
            yield escape(l_1_text)
            yield '</bdi></li>\n'
        l_1_text = missing
        yield '</ul>\n'
    yield '\n'
    yield escape(context.call((undefined(name='heading') if l_0_heading is missing else l_0_heading), 'data'))
    yield '\n<p>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'data.intro'))
    yield '</p>\n'
    def macro():
        t_76 = []
        pass
        t_76.extend((
            '<table class="tight">\n<caption>',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'data.counts')),
            '</caption>\n<thead><tr><th scope="col">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'data.kind')),
            '</th><th scope="col" class="num">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.count')),
            '</th></tr></thead>\n<tbody>\n',
        ))
        for l_2_name in ('collection', 'alteration', 'consultation', 'disclosure', 'combination', 'erasure'):
            _loop_vars = {}
            pass
            t_76.extend((
                '<tr><th scope="row">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('data.', l_2_name, )), _loop_vars=_loop_vars)),
                '</th><td class="num">',
                escape(t_7(t_3(t_4(context.eval_ctx, t_16(context, environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'processing'), 'action', 'equalto', l_2_name))))),
                '</td></tr>\n',
            ))
        l_2_name = missing
        t_76.append(
            '</tbody>\n</table>\n',
        )
        return concat(t_76)
    caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
    yield context.call((undefined(name='region') if l_0_region is missing else l_0_region), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'data.counts'), caller=caller)
    if environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'processing'):
        pass
        def macro():
            t_77 = []
            pass
            t_77.extend((
                '<table class="broad">\n<thead><tr><th scope="col" class="num">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'custody.event')),
                '</th><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'custody.time')),
                '</th><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'processing.action')),
                '</th><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'processing.who')),
                '</th><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'custody.of')),
                '</th><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'processing.why')),
                '</th></tr></thead>\n<tbody>\n',
            ))
            l_2_loop = missing
            for l_2_p, l_2_loop in LoopContext(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'processing')[:(undefined(name='rows') if l_0_rows is missing else l_0_rows)], undefined):
                _loop_vars = {}
                pass
                t_77.extend((
                    '<tr><td class="num">',
                    escape(t_7(environment.getattr(l_2_p, 'seq'))),
                    '</td><td>',
                    escape(t_21(environment.getattr(l_2_p, 'time'))),
                    '</td><th scope="row">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('data.', environment.getattr(l_2_p, 'action'), )), _loop_vars=_loop_vars)),
                    '<br class="t"><span class="second"><code>',
                    escape(environment.getattr(l_2_p, 'type')),
                    '</code></span></th><td><bdi>',
                    escape(environment.getattr(l_2_p, 'who')),
                    '</bdi>',
                ))
                if (environment.getattr(l_2_p, 'who_is') == 'software'):
                    pass
                    t_77.extend((
                        '<br class="t"><span class="second">',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'processing.software', _loop_vars=_loop_vars)),
                        '</span>',
                    ))
                t_77.append(
                    '</td><td>',
                )
                l_3_loop = missing
                for l_3_each, l_3_loop in LoopContext(environment.getattr(l_2_p, 'of')[:12], undefined):
                    _loop_vars = {}
                    pass
                    t_77.extend((
                        '<bdi>',
                        escape(l_3_each),
                        '</bdi>',
                    ))
                    if (not environment.getattr(l_3_loop, 'last')):
                        pass
                        t_77.append(
                            ', ',
                        )
                l_3_loop = l_3_each = missing
                if (t_3(environment.getattr(l_2_p, 'of')) > 12):
                    pass
                    t_77.extend((
                        ' … (',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'processing.rest', _loop_vars=_loop_vars)),
                        ')',
                    ))
                if environment.getattr(l_2_p, 'recipient'):
                    pass
                    t_77.extend((
                        '<br class="t"><span class="second">',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'processing.recipient', _loop_vars=_loop_vars)),
                        ' <bdi>',
                        escape(environment.getattr(l_2_p, 'recipient')),
                        '</bdi></span>',
                    ))
                t_77.append(
                    '</td><td>',
                )
                if environment.getattr(l_2_p, 'reason'):
                    pass
                    t_77.extend((
                        '<bdi>',
                        escape(environment.getattr(l_2_p, 'reason')),
                        '</bdi>',
                    ))
                t_77.append(
                    '<br class="t"><span class="second',
                )
                if (environment.getattr(l_2_p, 'legal_basis_from') == 'none'):
                    pass
                    t_77.append(
                        ' strong',
                    )
                t_77.append(
                    '">',
                )
                if (environment.getattr(l_2_p, 'legal_basis_from') == 'none'):
                    pass
                    t_77.append(
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'processing.no_basis', _loop_vars=_loop_vars)),
                    )
                else:
                    pass
                    t_77.extend((
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'processing.basis', _loop_vars=_loop_vars)),
                        ' <bdi>',
                        escape(environment.getattr(l_2_p, 'legal_basis')),
                        '</bdi>',
                    ))
                t_77.append(
                    '</span></td></tr>\n',
                )
            l_2_loop = l_2_p = missing
            t_77.append(
                '</tbody>\n</table>\n',
            )
            return concat(t_77)
        caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
        yield context.call((undefined(name='region') if l_0_region is missing else l_0_region), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'data.title'), caller=caller)
        if (t_3(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'processing')) > (undefined(name='rows') if l_0_rows is missing else l_0_rows)):
            pass
            yield '<p class="scope">'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'custody.more', count=t_7((t_3(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'processing')) - (undefined(name='rows') if l_0_rows is missing else l_0_rows)))))
            yield '</p>'
    else:
        pass
        yield '<p>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'data.none'))
        yield '</p>\n'
    yield '\n'
    def macro():
        t_78 = []
        l_1_cited = missing
        pass
        l_1_cited = t_4(context.eval_ctx, t_15(context, t_6(context, environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'methods'), attribute='validation')))
        if ((environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'environment') and (environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'environment'), 'self_test') != 'not-run')) or (not (undefined(name='cited') if l_1_cited is missing else l_1_cited))):
            pass
            t_78.append(
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('self_test.', (environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'environment'), 'self_test') if environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'environment') else 'not-run'), )))),
            )
        else:
            pass
            t_78.append(
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'quality.self_test_cited', name=environment.getattr(environment.getitem((undefined(name='cited') if l_1_cited is missing else l_1_cited), -1), 'id'), date=t_21(environment.getattr(environment.getitem((undefined(name='cited') if l_1_cited is missing else l_1_cited), -1), 'time')), verdict=context.call((undefined(name='t') if l_0_t is missing else l_0_t), ('method.passed' if (environment.getattr(environment.getitem((undefined(name='cited') if l_1_cited is missing else l_1_cited), -1), 'verdict') == 'pass') else 'method.failed')))),
            )
        return concat(t_78)
    context.exported_vars.add('self_test')
    context.vars['self_test'] = l_0_self_test = Macro(environment, macro, 'self_test', (), False, False, False, context.eval_ctx.autoescape)
    yield escape(context.call((undefined(name='heading') if l_0_heading is missing else l_0_heading), 'quality'))
    yield '\n<p>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'quality.intro'))
    yield '</p>\n'
    l_0_probes = t_4(context.eval_ctx, t_6(context, t_16(context, environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'hash_sets'), 'probes'), attribute='probes'))
    context.vars['probes'] = l_0_probes
    context.exported_vars.add('probes')
    def macro():
        t_79 = []
        l_1_verified = resolve('verified')
        l_1_w = resolve('w')
        l_1_reviewed_findings = resolve('reviewed_findings')
        l_1_levels = missing
        pass
        t_79.extend((
            '<table class="tight">\n<caption>',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'quality.measures')),
            '</caption>\n<thead><tr><th scope="col">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'quality.check')),
            '</th><th scope="col">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'quality.outcome')),
            '</th></tr></thead>\n<tbody>\n<tr><th scope="row">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'quality.self_test')),
            '</th><td>',
            escape(context.call((undefined(name='self_test') if l_0_self_test is missing else l_0_self_test))),
            '</td></tr>\n<tr><th scope="row">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'quality.equation')),
            '</th><td',
        ))
        if (not environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'coverage'), 'closes')):
            pass
            t_79.append(
                ' class="alarm"',
            )
        t_79.extend((
            '>',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), ('coverage.closes' if environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'coverage'), 'closes') else 'coverage.does_not_close'))),
            '</td></tr>\n<tr><th scope="row">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'quality.probes')),
            '</th><td>',
        ))
        if (undefined(name='probes') if l_0_probes is missing else l_0_probes):
            pass
            t_79.append(
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'quality.probes_value', tried=t_7(t_19(environment, (undefined(name='probes') if l_0_probes is missing else l_0_probes), attribute='tried')), failed=t_7(t_19(environment, (undefined(name='probes') if l_0_probes is missing else l_0_probes), attribute='failed')))),
            )
        else:
            pass
            t_79.append(
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'quality.no_probes')),
            )
        t_79.append(
            '</td></tr>\n',
        )
        if environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'hash_sets'):
            pass
            l_1_verified = t_3(t_4(context.eval_ctx, t_16(context, environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'hash_sets'), 'signature', 'equalto', 'verified')))
            t_79.extend((
                '<tr><th scope="row">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'quality.signature')),
                '</th><td>',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'quality.signature_value', verified=t_7((undefined(name='verified') if l_1_verified is missing else l_1_verified)), others=t_7((t_3(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'hash_sets')) - (undefined(name='verified') if l_1_verified is missing else l_1_verified))))),
                '</td></tr>\n',
            ))
        l_1_levels = t_18(environment, t_6(context, t_11(context, environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'runs'), 'purpose', 'equalto', 'match'), attribute='isolation'))
        if (undefined(name='levels') if l_1_levels is missing else l_1_levels):
            pass
            t_79.extend((
                '<tr><th scope="row">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'quality.isolation')),
                '</th><td>',
                escape(context.call((undefined(name='w') if l_1_w is missing else l_1_w), 'isolation', ('not-measured' if ('not-measured' in (undefined(name='levels') if l_1_levels is missing else l_1_levels)) else environment.getitem((undefined(name='levels') if l_1_levels is missing else l_1_levels), 0)))),
                '</td></tr>\n',
            ))
        t_79.extend((
            '<tr><th scope="row">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'quality.reviews')),
            '</th><td>',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'quality.reviews_value', count=t_7((undefined(name='reviewed_findings') if l_1_reviewed_findings is missing else l_1_reviewed_findings)), findings=t_7(t_19(environment, t_19(environment, t_6(context, environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'exhibits'), attribute='matches'), start=[]), attribute='count')))),
            '</td></tr>\n<tr><th scope="row">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'quality.validation')),
            '</th><td><bdi>',
            escape((environment.getattr((undefined(name='lab') if l_0_lab is missing else l_0_lab), 'validation') or context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'format.not_stated'))),
            '</bdi></td></tr>\n',
        ))
        for l_2_name in ('controls', 'deviations', 'external'):
            _loop_vars = {}
            pass
            t_79.extend((
                '<tr><th scope="row">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('quality.', l_2_name, )), _loop_vars=_loop_vars)),
                '</th><td>',
            ))
            t_80 = 1
            for l_3_text in (environment.getitem((undefined(name='said') if l_0_said is missing else l_0_said), l_2_name) or ()):
                _loop_vars = {}
                pass
                t_79.extend((
                    '<br class="t"><span class="block"><bdi>',
                    escape(l_3_text),
                    '</bdi></span>',
                ))
                t_80 = 0
            l_3_text = missing
            if t_80:
                pass
                t_79.append(
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'format.not_stated')),
                )
            t_79.append(
                '</td></tr>\n',
            )
        l_2_name = missing
        t_79.append(
            '</tbody>\n</table>\n',
        )
        return concat(t_79)
    caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
    yield context.call((undefined(name='region') if l_0_region is missing else l_0_region), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'quality.measures'), caller=caller)
    l_0_told = t_4(context.eval_ctx, t_16(context, environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'acts'), 'topic', 'equalto', 'quality'))
    context.vars['told'] = l_0_told
    context.exported_vars.add('told')
    yield '<h3>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'quality.acts'))
    yield '</h3>\n'
    if (undefined(name='told') if l_0_told is missing else l_0_told):
        pass
        yield escape(context.call((undefined(name='acts') if l_0_acts is missing else l_0_acts), (undefined(name='told') if l_0_told is missing else l_0_told), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'quality.acts')))
        yield '\n'
    else:
        pass
        yield '<p>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'quality.none'))
        yield '</p>\n'
    yield '\n<h3 id="runs">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.title'))
    yield '</h3>\n'
    if environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'runs'):
        pass
        yield '<p>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.intro'))
        yield '</p>\n'
    t_81 = 1
    for l_1_run in environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'runs'):
        l_1_w = resolve('w')
        l_1_no = resolve('no')
        l_1_yes = resolve('yes')
        _loop_vars = {}
        pass
        yield '<dl class="facts">\n'
        yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.purpose', _loop_vars=_loop_vars), context.call((undefined(name='w') if l_1_w is missing else l_1_w), 'run_purpose', environment.getattr(l_1_run, 'purpose'), _loop_vars=_loop_vars), _loop_vars=_loop_vars))
        yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.started', _loop_vars=_loop_vars), t_21(environment.getattr(l_1_run, 'started')), _loop_vars=_loop_vars))
        yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.ended', _loop_vars=_loop_vars), (t_21(environment.getattr(l_1_run, 'ended')) if environment.getattr(l_1_run, 'ended') else context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.no_end', _loop_vars=_loop_vars)), _loop_vars=_loop_vars))
        yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.outcome', _loop_vars=_loop_vars), context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('outcome.', environment.getattr(l_1_run, 'outcome'), )), _loop_vars=_loop_vars), _loop_vars=_loop_vars))
        yield '\n'
        if (environment.getattr(l_1_run, 'purpose') == 'scan'):
            pass
            yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.profile', _loop_vars=_loop_vars), environment.getattr(l_1_run, 'profile'), _loop_vars=_loop_vars))
            yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.interruptions', _loop_vars=_loop_vars), t_7(environment.getattr(l_1_run, 'interruptions')), _loop_vars=_loop_vars))
            yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.workers', _loop_vars=_loop_vars), t_7(environment.getattr(l_1_run, 'workers')), _loop_vars=_loop_vars))
            yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.verify', _loop_vars=_loop_vars), context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('verify.', environment.getattr(l_1_run, 'verify'), )), _loop_vars=_loop_vars), _loop_vars=_loop_vars))
            yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.pictures', _loop_vars=_loop_vars), context.call((undefined(name='t') if l_0_t is missing else l_0_t), ('runs.pictures_on' if environment.getattr(l_1_run, 'perceptual') else 'runs.pictures_off'), _loop_vars=_loop_vars), _loop_vars=_loop_vars))
            yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.containers', _loop_vars=_loop_vars), (context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.containers_on', ratio=t_7(environment.getattr(environment.getattr(l_1_run, 'expand_limits'), 'ratio')), bytes=context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'format.bytes', count=t_7(environment.getattr(environment.getattr(l_1_run, 'expand_limits'), 'bytes')), _loop_vars=_loop_vars), members=t_7(environment.getattr(environment.getattr(l_1_run, 'expand_limits'), 'members')), nesting=t_7(environment.getattr(environment.getattr(l_1_run, 'expand_limits'), 'nesting')), _loop_vars=_loop_vars) if environment.getattr(l_1_run, 'expand_limits') else context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.containers_off', _loop_vars=_loop_vars)), _loop_vars=_loop_vars))
            yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.isolation', _loop_vars=_loop_vars), context.call((undefined(name='w') if l_1_w is missing else l_1_w), 'isolation', environment.getattr(l_1_run, 'isolation'), _loop_vars=_loop_vars), _loop_vars=_loop_vars))
            yield '\n'
        if environment.getattr(l_1_run, 'plugin'):
            pass
            yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.plugin', _loop_vars=_loop_vars), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.plugin_is', name=environment.getattr(environment.getattr(l_1_run, 'plugin'), 'name'), version=environment.getattr(environment.getattr(l_1_run, 'plugin'), 'version'), package=environment.getattr(environment.getattr(l_1_run, 'plugin'), 'package'), kind=context.call((undefined(name='w') if l_1_w is missing else l_1_w), 'algorithm', environment.getattr(environment.getattr(l_1_run, 'plugin'), 'kind'), _loop_vars=_loop_vars), threshold=t_7(environment.getattr(environment.getattr(l_1_run, 'plugin'), 'threshold')), _loop_vars=_loop_vars), True, _loop_vars=_loop_vars))
            yield '\n'
            if (environment.getattr(l_1_run, 'purpose') == 'scan'):
                pass
                yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.plugin_made', _loop_vars=_loop_vars), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.plugin_counts', made=t_7(environment.getattr(environment.getattr(l_1_run, 'plugin'), 'made')), too_little=t_7(environment.getattr(environment.getattr(l_1_run, 'plugin'), 'too_little')), failed=t_7(environment.getattr(environment.getattr(l_1_run, 'plugin'), 'failed')), uncompared=t_7(environment.getattr(environment.getattr(l_1_run, 'plugin'), 'uncompared')), _loop_vars=_loop_vars), True, _loop_vars=_loop_vars))
                yield '\n'
        yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.run', _loop_vars=_loop_vars), environment.getattr(l_1_run, 'uuid'), _loop_vars=_loop_vars))
        yield '</dl>\n'
        for l_2_break in environment.getattr(l_1_run, 'breaks'):
            _loop_vars = {}
            pass
            yield '<p class="scope">'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.broken', at=t_21(environment.getattr(l_2_break, 'noted')), cause=context.call((undefined(name='w') if l_1_w is missing else l_1_w), 'cause', environment.getattr(l_2_break, 'cause'), _loop_vars=_loop_vars), _loop_vars=_loop_vars))
            yield '; '
            if environment.getattr(l_2_break, 'resumed'):
                pass
                yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.resumed', at=t_21(environment.getattr(l_2_break, 'resumed')), _loop_vars=_loop_vars))
            else:
                pass
                yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.not_resumed', _loop_vars=_loop_vars))
            yield '</p>\n'
        l_2_break = missing
        if environment.getattr(l_1_run, 'probes'):
            pass
            yield '<p class="scope">'
            l_1_no = t_2(context.eval_ctx, t_6(context, t_16(context, environment.getattr(l_1_run, 'probes'), 'refused'), attribute='what'), ', ')
            _loop_vars['no'] = l_1_no
            l_1_yes = t_2(context.eval_ctx, t_6(context, t_11(context, environment.getattr(l_1_run, 'probes'), 'refused'), attribute='what'), ', ')
            _loop_vars['yes'] = l_1_yes
            if (undefined(name='no') if l_1_no is missing else l_1_no):
                pass
                yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.refused', list=(undefined(name='no') if l_1_no is missing else l_1_no), _loop_vars=_loop_vars))
            if ((undefined(name='no') if l_1_no is missing else l_1_no) and (undefined(name='yes') if l_1_yes is missing else l_1_yes)):
                pass
                yield '; '
            if (undefined(name='yes') if l_1_yes is missing else l_1_yes):
                pass
                yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.allowed', list=(undefined(name='yes') if l_1_yes is missing else l_1_yes), _loop_vars=_loop_vars))
            yield '</p>\n'
        if environment.getattr(l_1_run, 'missing'):
            pass
            yield '<p class="scope">'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.missing', list=t_2(context.eval_ctx, environment.getattr(l_1_run, 'missing'), ', '), _loop_vars=_loop_vars))
            yield '</p>\n'
        for l_2_note in environment.getattr(l_1_run, 'notes'):
            _loop_vars = {}
            pass
            yield '<p class="scope">'
            yield escape(context.call((undefined(name='w') if l_1_w is missing else l_1_w), 'run_note', environment.getattr(l_2_note, 'code'), environment.getattr(l_2_note, 'text'), _loop_vars=_loop_vars))
            yield '</p>\n'
        l_2_note = missing
        t_81 = 0
    l_1_run = l_1_w = l_1_no = l_1_yes = missing
    if t_81:
        pass
        yield '<p>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.none'))
        yield '</p>\n'
    yield '\n'
    yield escape(context.call((undefined(name='heading') if l_0_heading is missing else l_0_heading), 'check'))
    yield '\n'
    if environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'commands'):
        pass
        yield '<p>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'check.intro'))
        yield '</p>\n'
        l_1_loop = missing
        for l_1_command, l_1_loop in LoopContext(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'commands'), undefined):
            _loop_vars = {}
            pass
            if (environment.getattr(l_1_loop, 'first') or (environment.getattr(l_1_command, 'purpose') != environment.getattr(environment.getattr(l_1_loop, 'previtem'), 'purpose'))):
                pass
                yield '<h3>'
                yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('command.', environment.getattr(l_1_command, 'purpose'), )), _loop_vars=_loop_vars))
                yield '</h3>\n'
            yield '<p class="system">'
            l_2_loop = missing
            for l_2_system, l_2_loop in LoopContext(environment.getattr(l_1_command, 'systems'), undefined):
                _loop_vars = {}
                pass
                yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('system.', l_2_system, )), _loop_vars=_loop_vars))
                if (not environment.getattr(l_2_loop, 'last')):
                    pass
                    yield ', '
            l_2_loop = l_2_system = missing
            yield '</p>\n<pre>'
            yield escape(t_2(context.eval_ctx, environment.getattr(l_1_command, 'lines'), '\n'))
            yield '</pre>\n'
        l_1_loop = l_1_command = missing
        yield '<p>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'check.windows'))
        yield '</p>\n'
    else:
        pass
        yield '<p class="strong">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'check.none'))
        yield '</p>\n'
    yield '<dl class="facts">\n'
    if environment.getattr(environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'signer'), 'key_sha256'):
        pass
        yield '<div class="wide"><dt>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.key'))
        yield '</dt><dd class="mono">'
        yield escape(t_1(environment.getattr(environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'signer'), 'key_sha256')))
        yield '</dd></div>\n'
    yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'check.fingerprint'), environment.getattr((undefined(name='lab') if l_0_lab is missing else l_0_lab), 'fingerprint'), True))
    yield '\n'
    if environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'checkpoint'):
        pass
        yield '<div class="wide"><dt>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.checkpoint'))
        yield '</dt><dd class="mono">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.checkpoint_value', size=t_7(environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'checkpoint'), 'size')), root=t_1(environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'checkpoint'), 'root'))))
        yield '</dd></div>\n<div><dt>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.anchoring'))
        yield '</dt><dd>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('anchoring.', environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'checkpoint'), 'anchoring'), ))))
        yield '</dd></div>\n'
    if environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'content_sha256'):
        pass
        yield '<div class="wide"><dt>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.content'))
        yield '</dt><dd class="mono">'
        yield escape(t_1(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'content_sha256')))
        yield '</dd></div>\n'
    yield '</dl>\n<p>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'check.result'))
    yield '</p>\n'
    if environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'checkpoint'):
        pass
        yield '<p>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.print_note'))
        yield '</p>\n'
    yield '\n'
    yield escape(context.call((undefined(name='heading') if l_0_heading is missing else l_0_heading), 'statement'))
    yield '\n<p>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'statement.only'))
    yield ' '
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'statement.whole'))
    yield ' '
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'statement.opinion'))
    yield ' '
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'statement.parts'))
    yield '</p>\n'
    if (environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'level') != 'standard'):
        pass
        yield '<p class="strong">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('statement.', environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'level'), )), recipient=environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'recipient')))
        yield '</p>\n'
    yield '<p>'
    if environment.getattr((undefined(name='said') if l_0_said is missing else l_0_said), 'authorised_by'):
        pass
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'statement.authorised', person=environment.getattr((undefined(name='said') if l_0_said is missing else l_0_said), 'authorised_by')))
    else:
        pass
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'statement.not_authorised'))
    yield '</p>\n<p class="label">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'statement.sign'))
    yield '</p>\n<dl class="sign">\n'
    for (l_1_name, l_1_person) in (('front.examiner', environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'examiner')), ('front.reviewer', environment.getattr((undefined(name='said') if l_0_said is missing else l_0_said), 'reviewer')), ('front.authorised_by', environment.getattr((undefined(name='said') if l_0_said is missing else l_0_said), 'authorised_by'))):
        _loop_vars = {}
        pass
        yield '<div><dt>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), l_1_name, _loop_vars=_loop_vars))
        yield '</dt><dd><bdi>'
        yield escape((l_1_person or ''))
        yield '</bdi></dd></div>\n'
    l_1_name = l_1_person = missing
    yield '</dl>\n\n'
    yield escape(context.call((undefined(name='heading') if l_0_heading is missing else l_0_heading), 'events'))
    yield '\n'
    if environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'events'):
        pass
        def macro():
            t_82 = []
            pass
            t_82.extend((
                '<table class="tight">\n<thead><tr><th scope="col" class="num">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'events.seq')),
                '</th><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'events.time')),
                '</th><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'events.type')),
                '</th><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'events.actor')),
                '</th><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'events.summary')),
                '</th></tr></thead>\n<tbody>\n',
            ))
            for l_2_event in environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'events')[:(undefined(name='events') if l_0_events is missing else l_0_events)]:
                _loop_vars = {}
                pass
                t_82.extend((
                    '<tr><td class="num">',
                    escape(environment.getattr(l_2_event, 'seq')),
                    '</td><td class="nowrap">',
                    escape(environment.getattr(l_2_event, 'time')[:10]),
                    ' ',
                    escape(environment.getattr(l_2_event, 'time')[11:19]),
                    '</td><th scope="row">',
                    escape(environment.getattr(l_2_event, 'type')),
                    '</th><td><bdi>',
                    escape(environment.getattr(l_2_event, 'actor')),
                    '</bdi></td><td><bdi>',
                    escape(environment.getattr(l_2_event, 'summary')),
                    '</bdi></td></tr>\n',
                ))
            l_2_event = missing
            t_82.append(
                '</tbody>\n</table>\n',
            )
            return concat(t_82)
        caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
        yield context.call((undefined(name='region') if l_0_region is missing else l_0_region), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'events.title'), caller=caller)
        yield '<p class="scope">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'events.units'))
        yield '</p>\n'
        if (t_3(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'events')) > (undefined(name='events') if l_0_events is missing else l_0_events)):
            pass
            yield '<p>… '
            yield escape(t_7(t_3(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'events'))))
            yield '</p>'
    else:
        pass
        yield '<p>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'events.none'))
        yield '</p>\n'
    yield '\n'
    yield escape(context.call((undefined(name='heading') if l_0_heading is missing else l_0_heading), 'environment'))
    yield '\n'
    if environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'environment'):
        pass
        yield '<dl class="facts">\n'
        yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'environment.host'), environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'environment'), 'host')))
        yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'environment.os'), environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'environment'), 'os')))
        yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'environment.python'), environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'environment'), 'python')))
        yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'environment.self_test'), context.call((undefined(name='self_test') if l_0_self_test is missing else l_0_self_test))))
        if environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'environment'), 'libraries'):
            pass
            yield '<div class="wide"><dt>'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'environment.libraries'))
            yield '</dt><dd>'
            l_1_loop = missing
            for l_1_row, l_1_loop in LoopContext(environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'environment'), 'libraries'), undefined):
                _loop_vars = {}
                pass
                yield '<bdi>'
                yield escape(environment.getattr(l_1_row, 'name'))
                yield ' '
                yield escape(environment.getattr(l_1_row, 'version'))
                yield '</bdi>'
                if (not environment.getattr(l_1_loop, 'last')):
                    pass
                    yield ', '
            l_1_loop = l_1_row = missing
            yield '</dd></div>'
        yield '</dl>\n'
    else:
        pass
        yield '<p>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'environment.none'))
        yield '</p>\n'
    yield '\n'
    yield escape(context.call((undefined(name='heading') if l_0_heading is missing else l_0_heading), 'glossary'))
    yield '\n<dl class="words">\n'
    for l_1_word in (undefined(name='words') if l_0_words is missing else l_0_words):
        _loop_vars = {}
        pass
        yield '<dt>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('glossary.', l_1_word, )), _loop_vars=_loop_vars))
        yield '</dt>\n<dd>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('glossary.', l_1_word, '_text', )), _loop_vars=_loop_vars))
        yield '</dd>\n'
    l_1_word = missing
    yield '</dl>\n\n'
    yield escape(context.call((undefined(name='heading') if l_0_heading is missing else l_0_heading), 'clauses'))
    yield '\n<p>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'clauses.intro'))
    yield '</p>\n'
    def macro():
        t_83 = []
        l_1_clauses = resolve('clauses')
        pass
        t_83.extend((
            '<table class="tight broad">\n<thead><tr><th scope="col">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'clauses.asks')),
            '</th><th scope="col">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'clauses.where')),
            '</th><th scope="col">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'clauses.state')),
            '</th></tr></thead>\n',
        ))
        l_2_loop = missing
        for l_2_c, l_2_loop in LoopContext((undefined(name='clauses') if l_1_clauses is missing else l_1_clauses), undefined):
            _loop_vars = {}
            pass
            if (environment.getattr(l_2_loop, 'first') or (environment.getattr(l_2_c, 'rule') != environment.getattr(environment.getattr(l_2_loop, 'previtem'), 'rule'))):
                pass
                if (not environment.getattr(l_2_loop, 'first')):
                    pass
                    t_83.append(
                        '</tbody>\n',
                    )
                t_83.extend((
                    '<tbody>\n<tr><th scope="rowgroup" colspan="3" class="group">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('clauses.', environment.getattr(l_2_c, 'rule'), )), _loop_vars=_loop_vars)),
                    '</th></tr>\n',
                ))
            t_83.append(
                '<tr><th scope="row" class="part">',
            )
            if (t_3(environment.getattr(l_2_c, 'code')) == 1):
                pass
                t_83.extend((
                    escape(environment.getattr(l_2_c, 'code')),
                    ') ',
                ))
            t_83.extend((
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('clause.', environment.getattr(l_2_c, 'rule'), '_', environment.getattr(l_2_c, 'code'), )), _loop_vars=_loop_vars)),
                '</th><td>',
            ))
            l_3_loop = missing
            t_84 = 1
            for l_3_name, l_3_loop in LoopContext(environment.getattr(l_2_c, 'sections'), undefined):
                _loop_vars = {}
                pass
                if (l_3_name == 'front'):
                    pass
                    t_83.append(
                        escape(t_14(l_3_name)),
                    )
                else:
                    pass
                    t_83.extend((
                        '<a href="#',
                        escape(l_3_name),
                        '">',
                        escape(t_14(l_3_name)),
                        '</a>',
                    ))
                if (not environment.getattr(l_3_loop, 'last')):
                    pass
                    t_83.append(
                        ', ',
                    )
                t_84 = 0
            l_3_loop = l_3_name = missing
            if t_84:
                pass
                t_83.append(
                    '–',
                )
            t_83.append(
                '</td><td',
            )
            if (environment.getattr(l_2_c, 'state') == 'not_stated'):
                pass
                t_83.append(
                    ' class="strong"',
                )
            t_83.extend((
                '>',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('clauses.', environment.getattr(l_2_c, 'state'), )), _loop_vars=_loop_vars)),
                '</td></tr>\n',
            ))
        l_2_loop = l_2_c = missing
        t_83.append(
            '</tbody>\n</table>\n',
        )
        return concat(t_83)
    caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
    yield context.call((undefined(name='region') if l_0_region is missing else l_0_region), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'clauses.title'), caller=caller)
    yield '</main>\n<footer class="foot">\n<p class="end">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'end.mark', number=environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'number'), version=environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'version')))
    yield '</p>\n</footer>\n</body>\n</html>\n'

blocks = {}
debug_info = '1=164&2=172&3=175&5=192&6=199&8=211&10=222&12=224&13=229&14=238&16=244&17=248&18=253&19=262&25=274&26=283&29=303&30=308&32=323&33=331&34=332&36=358&37=369&39=402&40=408&41=414&44=472&45=477&47=507&48=513&50=537&51=545&53=596&54=604&56=617&57=624&58=626&60=632&61=641&63=680&64=686&65=694&66=699&67=703&68=705&70=739&71=746&72=787&73=789&74=798&79=808&65=817&85=825&86=832&88=837&90=849&91=854&86=923&96=924&98=934&100=940&101=942&102=944&103=946&104=948&106=950&107=952&109=956&110=963&116=983&119=985&124=987&125=993&128=995&132=997&133=999&134=1008&135=1018&137=1021&138=1023&141=1025&143=1028&144=1030&146=1032&148=1035&149=1037&152=1039&154=1042&155=1046&159=1049&160=1052&162=1071&164=1090&165=1091&166=1092&167=1093&168=1094&169=1095&170=1096&171=1097&172=1098&173=1099&176=1101&177=1105&178=1118&179=1125&184=1130&185=1132&186=1134&188=1139&189=1141&191=1157&192=1163&193=1167&186=1272&199=1273&200=1275&202=1278&203=1287&204=1289&205=1297&207=1300&208=1302&209=1309&213=1317&214=1333&215=1335&216=1339&217=1342&219=1344&220=1347&222=1349&223=1355&225=1358&226=1361&228=1364&229=1373&230=1376&231=1379&236=1382&237=1384&238=1387&240=1393&241=1397&245=1427&248=1430&249=1432&251=1435&252=1437&254=1441&255=1446&263=1457&264=1459&266=1465&267=1474&269=1481&270=1485&272=1494&273=1496&275=1506&276=1511&278=1520&279=1524&281=1534&286=1536&287=1539&289=1541&290=1544&292=1546&293=1549&295=1551&296=1554&298=1556&299=1559&302=1562&303=1566&305=1570&306=1573&310=1577&311=1579&315=1582&316=1584&318=1587&319=1588&320=1589&321=1590&322=1591&325=1596&327=1598&329=1601&330=1602&331=1615&334=1620&337=1623&338=1624&341=1626&342=1629&343=1633&344=1635&346=1638&347=1641&349=1643&350=1647&354=1653&355=1655&357=1660&359=1672&360=1678&355=1799&366=1803&370=1807&371=1809&372=1811&373=1814&374=1826&375=1827&377=1832&378=1836&380=1847&381=1853&375=1874&387=1879&388=1895&389=1897&391=1902&392=1904&394=1917&395=1930&389=1978&401=1979&402=1986&403=1987&404=2002&405=2005&406=2007&407=2009&409=2014&411=2025&412=2036&407=2181&419=2183&420=2185&421=2187&422=2189&423=2193&424=2196&425=2198&426=2200&428=2205&432=2209&434=2211&435=2212&436=2219&437=2220&438=2221&439=2223&440=2253&442=2255&443=2257&444=2259&445=2261&446=2263&447=2268&448=2271&450=2274&451=2280&452=2282&453=2284&455=2289&457=2302&458=2308&453=2449&464=2453&467=2456&468=2458&469=2461&470=2464&471=2466&472=2468&473=2470&475=2475&476=2477&478=2504&479=2515&482=2572&473=2603&485=2604&486=2607&488=2609&490=2614&491=2616&493=2627&494=2642&497=2658&488=2671&500=2673&501=2675&504=2677&507=2679&510=2681&511=2684&512=2687&513=2689&514=2691&516=2696&517=2698&519=2713&520=2718&514=2739&525=2740&527=2745&528=2748&529=2752&531=2764&532=2769&534=2797&535=2801&539=2811&525=2819&544=2820&545=2825&546=2827&548=2832&549=2835&550=2839&552=2848&553=2853&557=2888&546=2896&562=2898&564=2903&565=2905&567=2912&568=2918&570=2928&562=2935&576=2937&578=2942&579=2944&581=2955&582=2960&576=2977&587=2978&590=2984&592=2989&594=2991&595=2995&596=2999&597=3003&598=3007&599=3012&600=3016&601=3020&602=3022&603=3026&605=3033&590=3040&611=3042&613=3047&614=3049&616=3064&617=3076&611=3118&623=3120&624=3122&626=3127&627=3129&629=3138&630=3153&624=3170&635=3172&638=3175&639=3177&640=3179&641=3186&643=3191&645=3202&646=3209&641=3441&651=3442&653=3452&654=3454&655=3457&656=3459&657=3461&659=3466&661=3468&662=3471&663=3473&664=3476&665=3478&667=3483&671=3486&673=3488&674=3492&676=3495&677=3498&680=3501&681=3504&683=3506&684=3510&689=3515&690=3517&691=3519&693=3524&694=3526&696=3531&697=3536&691=3547&702=3548&703=3550&705=3555&707=3569&708=3574&703=3669&713=3670&715=3678&718=3681&719=3699&720=3701&721=3703&722=3706&724=3715&725=3717&727=3721&728=3725&729=3737&730=3753&731=3758&733=3763&734=3764&736=3775&737=3779&738=3784&739=3789&722=3817&744=3818&745=3822&746=3824&747=3826&749=3831&752=3834&753=3836&754=3839&756=3842&758=3849&759=3850&760=3851&761=3852&762=3854&763=3856&764=3857&765=3858&766=3859&767=3860&768=3861&769=3862&771=3864&772=3866&773=3868&775=3872&777=3874&778=3878&780=3888&781=3891&783=3905&784=3908&786=3910&789=3922&792=3925&793=3927&794=3930&795=3933&796=3936&798=3943&799=3952&801=3956&803=3961&806=3964&808=3971&809=3973&810=3980&812=3984&815=3992&816=3994&819=4000&820=4002&821=4010&823=4016&824=4023&826=4025&827=4029&831=4035&832=4037&833=4039&835=4044&837=4055&838=4060&833=4079&843=4081&844=4083&846=4091&849=4094&850=4096&852=4099&853=4100&854=4101&855=4102&856=4103&859=4126&862=4129&864=4131&865=4135&866=4137&870=4141&871=4143&872=4145&874=4151&875=4159&876=4162&877=4164&880=4171&882=4177&872=4237&889=4239'
