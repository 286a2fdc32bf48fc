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
    l_0_namespace = resolve('namespace')
    l_0_current = resolve('current')
    l_0_withdrawn = resolve('withdrawn')
    l_0_events = resolve('events')
    l_0_heading = l_0_gap_text = l_0_inside = l_0_fact = l_0_category = l_0_standing = l_0_set_name = l_0_compared = l_0_spans = l_0_error_rate = l_0_region = l_0_fill = l_0_draw = l_0_always = l_0_ns = l_0_c = l_0_e = l_0_asked = l_0_finding_rows = missing
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
        t_14 = environment.filters['selectattr']
    except KeyError:
        @internalcode
        def t_14(*unused):
            raise TemplateRuntimeError("No filter named 'selectattr' found.")
    try:
        t_15 = environment.filters['size']
    except KeyError:
        @internalcode
        def t_15(*unused):
            raise TemplateRuntimeError("No filter named 'size' found.")
    try:
        t_16 = environment.filters['sum']
    except KeyError:
        @internalcode
        def t_16(*unused):
            raise TemplateRuntimeError("No filter named 'sum' found.")
    try:
        t_17 = environment.filters['trim']
    except KeyError:
        @internalcode
        def t_17(*unused):
            raise TemplateRuntimeError("No filter named 'trim' found.")
    try:
        t_18 = environment.filters['when']
    except KeyError:
        @internalcode
        def t_18(*unused):
            raise TemplateRuntimeError("No filter named 'when' found.")
    try:
        t_19 = environment.tests['defined']
    except KeyError:
        @internalcode
        def t_19(*unused):
            raise TemplateRuntimeError("No test named 'defined' found.")
    try:
        t_20 = environment.tests['none']
    except KeyError:
        @internalcode
        def t_20(*unused):
            raise TemplateRuntimeError("No test named 'none' found.")
    pass
    def macro(l_1_id):
        t_21 = []
        l_1_sections = resolve('sections')
        l_1_at = missing
        if l_1_id is missing:
            l_1_id = undefined("parameter 'id' was not provided", name='id')
        pass
        l_1_at = context.call(environment.getattr((undefined(name='sections') if l_1_sections is missing else l_1_sections), 'index'), l_1_id)
        t_21.extend((
            '<h2 id="',
            escape(l_1_id),
            '">',
        ))
        if ((undefined(name='at') if l_1_at is missing else l_1_at) < 13):
            pass
            t_21.extend((
                '<span class="no">',
                escape(((undefined(name='at') if l_1_at is missing else l_1_at) + 1)),
                '</span> ',
            ))
        t_21.extend((
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join((l_1_id, '.title', )))),
            '</h2>',
        ))
        return concat(t_21)
    context.exported_vars.add('heading')
    context.vars['heading'] = l_0_heading = Macro(environment, macro, 'heading', ('id',), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_gap):
        t_22 = []
        l_1_w = resolve('w')
        if l_1_gap is missing:
            l_1_gap = undefined("parameter 'gap' was not provided", name='gap')
        pass
        t_22.append(
            escape(context.call((undefined(name='w') if l_1_w is missing else l_1_w), 'gap', environment.getattr(l_1_gap, 'code'), environment.getattr(l_1_gap, 'text'))),
        )
        if (environment.getattr(l_1_gap, 'about') != 'content'):
            pass
            t_22.extend((
                '<span class="second">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('about.', environment.getattr(l_1_gap, 'about'), )))),
                '</span>',
            ))
        return concat(t_22)
    context.exported_vars.add('gap_text')
    context.vars['gap_text'] = l_0_gap_text = Macro(environment, macro, 'gap_text', ('gap',), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_name, l_1_sums, l_1_parts):
        t_23 = []
        if l_1_name is missing:
            l_1_name = undefined("parameter 'name' was not provided", name='name')
        if l_1_sums is missing:
            l_1_sums = undefined("parameter 'sums' was not provided", name='sums')
        if l_1_parts is missing:
            l_1_parts = undefined("parameter 'parts' was not provided", name='parts')
        pass
        t_23.extend((
            '<table class="tight">\n<caption>',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join((l_1_name, 'title', )))),
            '</caption>\n<tbody>\n<tr><th scope="row">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join((l_1_name, 'seen', )))),
            '</th><td class="num strong">',
            escape(t_7(environment.getattr(l_1_sums, 'seen'))),
            '</td></tr>\n',
        ))
        def t_24(fiter):
            for l_2_part in fiter:
                if environment.getitem(l_1_sums, l_2_part):
                    yield l_2_part
        for l_2_part in t_24(l_1_parts):
            _loop_vars = {}
            pass
            t_23.extend((
                '<tr><th scope="row" class="part">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join((l_1_name, l_2_part, )), _loop_vars=_loop_vars)),
                '</th><td class="num">',
                escape(t_7(environment.getitem(l_1_sums, l_2_part))),
                '</td></tr>\n',
            ))
        l_2_part = missing
        if (t_19(environment.getattr(l_1_sums, 'members')) and environment.getattr(l_1_sums, 'members')):
            pass
            t_23.extend((
                '<tr><th scope="row">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join((l_1_name, 'members', )))),
                '</th><td class="num strong">',
                escape(t_7(environment.getattr(l_1_sums, 'members'))),
                '</td></tr>\n',
            ))
            def t_25(fiter):
                for l_2_part in fiter:
                    if environment.getitem(l_1_sums, l_2_part):
                        yield l_2_part
            for l_2_part in t_25(('members_digested', 'members_over_limit')):
                _loop_vars = {}
                pass
                t_23.extend((
                    '<tr><th scope="row" class="part">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join((l_1_name, l_2_part, )), _loop_vars=_loop_vars)),
                    '</th><td class="num">',
                    escape(t_7(environment.getitem(l_1_sums, l_2_part))),
                    '</td></tr>\n',
                ))
            l_2_part = missing
        t_23.append(
            '</tbody>\n</table>',
        )
        return concat(t_23)
    context.exported_vars.add('inside')
    context.vars['inside'] = l_0_inside = Macro(environment, macro, 'inside', ('name', 'sums', 'parts'), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_label, l_1_value, l_1_wide):
        t_26 = []
        if l_1_label is missing:
            l_1_label = undefined("parameter 'label' was not provided", name='label')
        if l_1_value is missing:
            l_1_value = undefined("parameter 'value' was not provided", name='value')
        if l_1_wide is missing:
            l_1_wide = False
        pass
        if l_1_value:
            pass
            t_26.append(
                '<div',
            )
            if l_1_wide:
                pass
                t_26.append(
                    ' class="wide"',
                )
            t_26.extend((
                '><dt>',
                escape(l_1_label),
                '</dt><dd><bdi>',
                escape(l_1_value),
                '</bdi></dd></div>\n',
            ))
        return concat(t_26)
    context.exported_vars.add('fact')
    context.vars['fact'] = l_0_fact = Macro(environment, macro, 'fact', ('label', 'value', 'wide'), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_row):
        t_27 = []
        if l_1_row is missing:
            l_1_row = undefined("parameter 'row' was not provided", name='row')
        pass
        if environment.getattr(l_1_row, 'code'):
            pass
            t_27.extend((
                '<bdi>',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'category.code', code=environment.getattr(l_1_row, 'code'))),
                '</bdi>',
            ))
        else:
            pass
            t_27.append(
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'category.none')),
            )
        return concat(t_27)
    context.exported_vars.add('category')
    context.vars['category'] = l_0_category = Macro(environment, macro, 'category', ('row',), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_kind, l_1_row):
        t_28 = []
        l_1_known = missing
        if l_1_kind is missing:
            l_1_kind = undefined("parameter 'kind' was not provided", name='kind')
        if l_1_row is missing:
            l_1_row = undefined("parameter 'row' was not provided", name='row')
        pass
        l_1_known = (environment.getattr(l_1_row, 'code') or (environment.getattr(l_1_row, 'verdict') not in ('uncategorised', 'notable_other')))
        if ((l_1_kind != 'notable') or (undefined(name='known') if l_1_known is missing else l_1_known)):
            pass
            t_28.append(
                '<span class="second">',
            )
            if (l_1_kind != 'notable'):
                pass
                t_28.append(
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('kind.', l_1_kind, )))),
                )
                if (undefined(name='known') if l_1_known is missing else l_1_known):
                    pass
                    t_28.append(
                        ': ',
                    )
            if (undefined(name='known') if l_1_known is missing else l_1_known):
                pass
                t_28.append(
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('item_verdict.', environment.getattr(l_1_row, 'verdict'), )))),
                )
            t_28.append(
                '</span>',
            )
        return concat(t_28)
    context.exported_vars.add('standing')
    context.vars['standing'] = l_0_standing = Macro(environment, macro, 'standing', ('kind', 'row'), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_name, l_1_issuer, l_1_edition):
        t_29 = []
        if l_1_name is missing:
            l_1_name = undefined("parameter 'name' was not provided", name='name')
        if l_1_issuer is missing:
            l_1_issuer = undefined("parameter 'issuer' was not provided", name='issuer')
        if l_1_edition is missing:
            l_1_edition = undefined("parameter 'edition' was not provided", name='edition')
        pass
        t_29.extend((
            '<bdi>',
            escape(l_1_name),
            '</bdi>, ',
        ))
        if l_1_issuer:
            pass
            t_29.extend((
                '<bdi>',
                escape(l_1_issuer),
                '</bdi>',
            ))
        else:
            pass
            t_29.append(
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'set.no_issuer')),
            )
        t_29.append(
            ', ',
        )
        if l_1_edition:
            pass
            t_29.extend((
                '<bdi>',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'set.edition', edition=l_1_edition)),
                '</bdi>',
            ))
        else:
            pass
            t_29.append(
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'set.no_edition')),
            )
        return concat(t_29)
    context.exported_vars.add('set_name')
    context.vars['set_name'] = l_0_set_name = Macro(environment, macro, 'set_name', ('name', 'issuer', 'edition'), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_x):
        t_30 = []
        if l_1_x is missing:
            l_1_x = undefined("parameter 'x' was not provided", name='x')
        pass
        l_2_loop = missing
        for l_2_c, l_2_loop in LoopContext(environment.getattr(l_1_x, 'compared'), undefined):
            l_2_w = resolve('w')
            _loop_vars = {}
            pass
            t_30.extend((
                '<li>',
                escape(context.call((undefined(name='set_name') if l_0_set_name is missing else l_0_set_name), environment.getattr(l_2_c, 'name'), environment.getattr(l_2_c, 'issuer'), environment.getattr(l_2_c, 'edition'), _loop_vars=_loop_vars)),
                ' (',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('kind.', environment.getattr(l_2_c, 'kind'), )), _loop_vars=_loop_vars)),
                ')',
            ))
            if (environment.getattr(l_2_c, 'signature') == 'failed'):
                pass
                t_30.extend((
                    ', <span class="strong">',
                    escape(context.call((undefined(name='w') if l_2_w is missing else l_2_w), 'signature', environment.getattr(l_2_c, 'signature'), _loop_vars=_loop_vars)),
                    '</span>',
                ))
            if (environment.getattr(l_2_c, 'state') != 'active'):
                pass
                t_30.extend((
                    ', <span class="strong">',
                    escape(context.call((undefined(name='w') if l_2_w is missing else l_2_w), 'set_state', environment.getattr(l_2_c, 'state'), _loop_vars=_loop_vars)),
                    '</span>',
                ))
            if (not environment.getattr(l_2_c, 'every_source')):
                pass
                t_30.extend((
                    ', <span class="strong">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'compared.only', _loop_vars=_loop_vars)),
                    ' ',
                ))
                l_3_loop = missing
                for l_3_label, l_3_loop in LoopContext(environment.getattr(l_2_c, 'sources')[:12], undefined):
                    _loop_vars = {}
                    pass
                    t_30.extend((
                        '<bdi>',
                        escape(l_3_label),
                        '</bdi>',
                    ))
                    if (not environment.getattr(l_3_loop, 'last')):
                        pass
                        t_30.append(
                            ', ',
                        )
                l_3_loop = l_3_label = missing
                if (t_3(environment.getattr(l_2_c, 'sources')) > 12):
                    pass
                    t_30.extend((
                        ' … (',
                        escape(t_7(t_3(environment.getattr(l_2_c, 'sources')))),
                        ')',
                    ))
                t_30.append(
                    '</span>',
                )
            t_30.append(
                '</li>\n',
            )
        l_2_loop = l_2_c = l_2_w = missing
        return concat(t_30)
    context.exported_vars.add('compared')
    context.vars['compared'] = l_0_compared = Macro(environment, macro, 'compared', ('x',), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_ranges):
        t_31 = []
        if l_1_ranges is missing:
            l_1_ranges = undefined("parameter 'ranges' was not provided", name='ranges')
        pass
        l_2_loop = missing
        for l_2_span, l_2_loop in LoopContext(l_1_ranges, undefined):
            _loop_vars = {}
            pass
            if (not environment.getattr(l_2_loop, 'first')):
                pass
                t_31.append(
                    ', ',
                )
            else:
                pass
                t_31.append(
                    ' ',
                )
            t_31.extend((
                '<span class="nowrap">',
                escape(t_10(environment.getattr(l_2_span, 'start'))),
                '–',
                escape(t_10(environment.getattr(l_2_span, 'end'))),
                '</span>',
            ))
        l_2_loop = l_2_span = missing
        return concat(t_31)
    context.exported_vars.add('spans')
    context.vars['spans'] = l_0_spans = Macro(environment, macro, 'spans', ('ranges',), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_rate):
        t_32 = []
        if l_1_rate is missing:
            l_1_rate = undefined("parameter 'rate' was not provided", name='rate')
        pass
        t_32.append(
            '<p>',
        )
        if (environment.getattr(l_1_rate, 'source') == 'laboratory'):
            pass
            t_32.append(
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'rates.laboratory', laboratory=environment.getattr(l_1_rate, 'laboratory'), pictures=t_7(environment.getattr(l_1_rate, 'pictures')), date=t_18(environment.getattr(l_1_rate, 'measured')), name=environment.getattr(l_1_rate, 'name'))),
            )
        else:
            pass
            t_32.extend((
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), ('rates.none_asked' if (environment.getattr(l_1_rate, 'asked') == 'none') else 'rates.none'))),
                ' ',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'rates.program', pictures=t_7(environment.getattr(l_1_rate, 'pictures')), name=environment.getattr(l_1_rate, 'name'))),
            ))
        if environment.getattr(l_1_rate, 'unfinished'):
            pass
            t_32.extend((
                ' ',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'rates.unfinished')),
            ))
        t_32.extend((
            ' ',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'rates.edited', edited=t_7(environment.getattr(l_1_rate, 'edited')), edits=t_7(environment.getattr(l_1_rate, 'edits')))),
        ))
        for l_2_f in environment.getattr(l_1_rate, 'found'):
            _loop_vars = {}
            pass
            if (environment.getattr(l_2_f, 'bits') == 31):
                pass
                t_32.extend((
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
                t_32.extend((
                    ' ',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), ('rates.pairs' if environment.getattr(l_2_p, 'pairs') else 'rates.no_pairs'), what=context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('rates_of.', environment.getattr(l_2_p, 'of'), )), what=context.call((undefined(name='w') if l_2_w is missing else l_2_w), 'look_alikes', environment.getattr(l_2_p, 'what'), _loop_vars=_loop_vars), _loop_vars=_loop_vars), tier=context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('rates_by.', 'tier', environment.getattr(l_2_p, 'tier'), )), _loop_vars=_loop_vars), pairs=t_7(environment.getattr(l_2_p, 'pairs')), comparisons=t_7(environment.getattr(l_2_p, 'comparisons')), bound=t_9(environment.getattr(l_2_p, 'bound')), _loop_vars=_loop_vars)),
                ))
        l_2_p = l_2_w = missing
        t_32.extend((
            ' ',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'rates.only')),
            '</p>',
        ))
        return concat(t_32)
    context.exported_vars.add('error_rate')
    context.vars['error_rate'] = l_0_error_rate = Macro(environment, macro, 'error_rate', ('rate',), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_label, l_1_caller):
        t_33 = []
        if l_1_label is missing:
            l_1_label = undefined("parameter 'label' was not provided", name='label')
        pass
        t_33.extend((
            '<div class="scroll" role="region" tabindex="0" aria-label="',
            escape(l_1_label),
            '">\n',
            escape(context.call(l_1_caller)),
            '</div>',
        ))
        return concat(t_33)
    context.exported_vars.add('region')
    context.vars['region'] = l_0_region = Macro(environment, macro, 'region', ('label',), False, False, True, context.eval_ctx.autoescape)
    def macro(l_1_index, l_1_x, l_1_width):
        t_34 = []
        if l_1_index is missing:
            l_1_index = undefined("parameter 'index' was not provided", name='index')
        if l_1_x is missing:
            l_1_x = undefined("parameter 'x' was not provided", name='x')
        if l_1_width is missing:
            l_1_width = undefined("parameter 'width' was not provided", name='width')
        pass
        if l_1_index:
            pass
            t_34.extend((
                '<rect class="rest" x="',
                escape(l_1_x),
                '" width="',
                escape(l_1_width),
                '" height="20"/>',
            ))
            if (l_1_index < 3):
                pass
                t_34.extend((
                    '<rect fill="url(#',
                    escape(environment.getitem(('', 'hatch', 'dots'), l_1_index)),
                    ')" x="',
                    escape(l_1_x),
                    '" width="',
                    escape(l_1_width),
                    '" height="20"/>',
                ))
            t_34.extend((
                '<rect class="edge" x="',
                escape(l_1_x),
                '" width="',
                escape(l_1_width),
                '" height="20"/>',
            ))
        else:
            pass
            t_34.extend((
                '<rect class="bar" x="',
                escape(l_1_x),
                '" width="',
                escape(l_1_width),
                '" height="20"/>',
            ))
        return concat(t_34)
    context.exported_vars.add('fill')
    context.vars['fill'] = l_0_fill = Macro(environment, macro, 'fill', ('index', 'x', 'width'), False, False, False, context.eval_ctx.autoescape)
    def macro(l_1_section):
        t_35 = []
        l_1_charts = resolve('charts')
        if l_1_section is missing:
            l_1_section = undefined("parameter 'section' was not provided", name='section')
        pass
        def t_36(fiter):
            for l_2_chart in fiter:
                if (environment.getattr(l_2_chart, 'section') == l_1_section):
                    yield l_2_chart
        l_2_loop = missing
        for l_2_chart, l_2_loop in LoopContext(t_36((undefined(name='charts') if l_1_charts is missing else l_1_charts)), undefined):
            _loop_vars = {}
            pass
            def macro():
                t_37 = []
                pass
                t_37.extend((
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
                    t_37.append(
                        '<th scope="col"',
                    )
                    if (environment.getattr(l_2_chart, 'kind') != 'timeline'):
                        pass
                        t_37.append(
                            ' class="num"',
                        )
                    t_37.append(
                        '>',
                    )
                    if environment.getattr(l_2_chart, 'stacked'):
                        pass
                        t_37.extend((
                            '<span class="key"><svg viewBox="0 0 40 20" preserveAspectRatio="none" aria-hidden="true" focusable="false">',
                            escape(context.call((undefined(name='fill') if l_0_fill is missing else l_0_fill), environment.getattr(l_4_loop, 'index0'), 0, 40, _loop_vars=_loop_vars)),
                            '</svg></span>',
                        ))
                    t_37.extend((
                        escape(l_4_name),
                        '</th>',
                    ))
                l_4_loop = l_4_name = missing
                t_37.append(
                    '</tr></thead>\n<tbody>\n',
                )
                l_4_loop = missing
                for l_4_row, l_4_loop in LoopContext(environment.getattr(l_2_chart, 'rows'), undefined):
                    l_4_ns = l_0_ns
                    l_4_at = missing
                    _loop_vars = {}
                    pass
                    t_37.extend((
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
                            t_37.append(
                                escape(context.call((undefined(name='fill') if l_0_fill is missing else l_0_fill), environment.getattr(l_5_loop, 'index0'), environment.getattr((undefined(name='ns') if l_4_ns is missing else l_4_ns), 'x'), l_5_part, _loop_vars=_loop_vars)),
                            )
                            if not isinstance(l_4_ns, Namespace):
                                raise TemplateRuntimeError("cannot assign attribute on non-namespace object")
                            l_4_ns['x'] = (environment.getattr((undefined(name='ns') if l_4_ns is missing else l_4_ns), 'x') + l_5_part)
                    l_5_loop = l_5_part = missing
                    t_37.append(
                        '</svg></td>',
                    )
                    for l_5_value in environment.getattr(l_4_row, 'values'):
                        _loop_vars = {}
                        pass
                        t_37.append(
                            '<td',
                        )
                        if (environment.getattr(l_2_chart, 'kind') != 'timeline'):
                            pass
                            t_37.append(
                                ' class="num"',
                            )
                        t_37.extend((
                            '><bdi>',
                            escape(l_5_value),
                            '</bdi></td>',
                        ))
                    l_5_value = missing
                    t_37.append(
                        '</tr>\n',
                    )
                    l_4_at = environment.getattr(l_4_loop, 'index')
                    _loop_vars['at'] = l_4_at
                    def t_38(fiter):
                        for l_5_line in fiter:
                            if (environment.getattr(l_5_line, 'after') == (undefined(name='at') if l_4_at is missing else l_4_at)):
                                yield l_5_line
                    for l_5_line in t_38(environment.getattr(l_2_chart, 'lines')):
                        _loop_vars = {}
                        pass
                        t_37.extend((
                            '<tr class="line"><th scope="row" colspan="',
                            escape((1 + t_3(environment.getattr(l_2_chart, 'head')))),
                            '"><span>',
                            escape(environment.getattr(l_5_line, 'label')),
                            '</span></th></tr>\n',
                        ))
                    l_5_line = missing
                l_4_loop = l_4_row = l_4_ns = l_4_at = missing
                t_37.append(
                    '</tbody>\n</table>\n',
                )
                return concat(t_37)
            caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
            t_35.append(context.call((undefined(name='region') if l_0_region is missing else l_0_region), environment.getattr(l_2_chart, 'title'), caller=caller, _loop_vars=_loop_vars))
            if environment.getattr(l_2_chart, 'note'):
                pass
                t_35.extend((
                    '<p class="scope note under">',
                    escape(environment.getattr(l_2_chart, 'note')),
                    '</p>',
                ))
            t_35.append(
                '\n',
            )
        l_2_loop = l_2_chart = missing
        return concat(t_35)
    context.exported_vars.add('draw')
    context.vars['draw'] = l_0_draw = Macro(environment, macro, 'draw', ('section',), False, False, False, context.eval_ctx.autoescape)
    def macro():
        t_39 = []
        l_1_sections = resolve('sections')
        pass
        t_39.extend((
            '<div class="always">\n<h3>',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'always.title')),
            '</h3>\n<p class="first">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'always.unlisted')),
            '</p>\n<p>',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('perceptual.', environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'perceptual'), )))),
            '</p>\n<p>',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'always.unallocated')),
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
            _loop_vars = {}
            pass
            t_39.append(
                '<li><span class="no">',
            )
            if (environment.getattr(l_2_loop, 'index') <= 13):
                pass
                t_39.append(
                    escape(environment.getattr(l_2_loop, 'index')),
                )
            t_39.extend((
                '</span> <a href="#',
                escape(l_2_id),
                '">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join((l_2_id, '.title', )), _loop_vars=_loop_vars)),
                '</a></li>\n',
            ))
        l_2_loop = l_2_id = missing
        t_39.append(
            '</ol>\n</nav>',
        )
        return concat(t_39)
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
    if (environment.getattr(environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'signer'), 'kind') == 'case-local'):
        pass
        yield '<div class="alert">\n<p class="lead">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'signer.unsigned_title'))
        yield '</p>\n<p>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'signer.unsigned'))
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
    yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.laboratory'), environment.getattr(environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'signer'), 'laboratory')))
    yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.customer'), environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'customer')))
    yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.examiner'), environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'examiner')))
    yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.authority'), (markup_join((environment.getattr(environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'authority'), 'kind'), ' ', environment.getattr(environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'authority'), 'reference'), )) if environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'authority') else context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'format.not_stated'))))
    yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.examined_from'), (t_18(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'examined_from')) if environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'examined_from') else context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'format.not_stated'))))
    yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.examined_to'), (t_18(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'examined_to')) if environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'examined_to') else context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'format.not_stated'))))
    yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.issued'), t_18(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'issued'))))
    yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.program'), markup_join((environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'program'), 'name'), ' ', environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'program'), 'version'), ))))
    yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.ledger'), environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'case'), 'ledger')[:8]))
    yield '</dl>\n</header>\n\n'
    yield escape(context.call((undefined(name='heading') if l_0_heading is missing else l_0_heading), 'result'))
    yield '\n'
    if (t_3(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'exhibits')) > 1):
        pass
        def macro():
            t_40 = []
            pass
            t_40.extend((
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
                l_2_skipped = t_3(t_4(context.eval_ctx, t_14(context, environment.getattr(environment.getattr(l_2_x, 'coverage'), 'areas'), 'policy')))
                _loop_vars['skipped'] = l_2_skipped
                t_40.extend((
                    '<tr><th scope="row"><bdi>',
                    escape(environment.getattr(l_2_x, 'label')),
                    '</bdi></th><td class="strong wide">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('verdict.', environment.getattr(environment.getattr(l_2_x, 'verdict'), 'word'), )), _loop_vars=_loop_vars)),
                ))
                def t_41(fiter):
                    for l_3_s in fiter:
                        if environment.getattr(l_3_s, 'alarms'):
                            yield l_3_s
                l_3_loop = missing
                for l_3_s, l_3_loop in LoopContext(t_41(environment.getattr(l_2_x, 'sources')), undefined):
                    _loop_vars = {}
                    pass
                    t_40.append(
                        '<span class="second alarm">',
                    )
                    l_4_loop = missing
                    for l_4_code, l_4_loop in LoopContext(environment.getattr(l_3_s, 'alarms'), undefined):
                        _loop_vars = {}
                        pass
                        t_40.extend((
                            '<bdi>',
                            escape(environment.getattr(l_3_s, 'label')),
                            '</bdi>: ',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('source_state.', l_4_code, )), _loop_vars=_loop_vars)),
                        ))
                        if (not environment.getattr(l_4_loop, 'last')):
                            pass
                            t_40.append(
                                '; ',
                            )
                    l_4_loop = l_4_code = missing
                    t_40.append(
                        '</span>',
                    )
                l_3_loop = l_3_s = missing
                t_40.extend((
                    '</td><td class="num">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.share_value', percent=t_9(environment.getattr(environment.getattr(l_2_x, 'verdict'), 'percent_of_bytes')), _loop_vars=_loop_vars)),
                    '</td><td class="num">',
                ))
                if (context.call((undefined(name='match_total') if l_2_match_total is missing else l_2_match_total), l_2_x, _loop_vars=_loop_vars) or (environment.getattr(environment.getattr(l_2_x, 'verdict'), 'word') == 'no-match')):
                    pass
                    t_40.append(
                        escape(t_7(context.call((undefined(name='match_total') if l_2_match_total is missing else l_2_match_total), l_2_x, _loop_vars=_loop_vars))),
                    )
                else:
                    pass
                    t_40.append(
                        '–',
                    )
                t_40.append(
                    '</td><td class="num">',
                )
                if (environment.getattr(environment.getattr(l_2_x, 'verdict'), 'word') == 'unfinished'):
                    pass
                    t_40.append(
                        '–',
                    )
                else:
                    pass
                    t_40.append(
                        escape(t_7(t_16(environment, context.call((undefined(name='gap_rows') if l_2_gap_rows is missing else l_2_gap_rows), environment.getattr(l_2_x, 'coverage'), policy=False, _loop_vars=_loop_vars), attribute='count'))),
                    )
                t_40.append(
                    '</td><td class="num">',
                )
                if (environment.getattr(environment.getattr(l_2_x, 'verdict'), 'word') == 'unfinished'):
                    pass
                    t_40.append(
                        '–',
                    )
                else:
                    pass
                    t_40.append(
                        escape(t_7(t_3(t_4(context.eval_ctx, t_11(context, environment.getattr(environment.getattr(l_2_x, 'coverage'), 'areas'), 'policy'))))),
                    )
                t_40.append(
                    '</td><td class="num">',
                )
                if (environment.getattr(environment.getattr(l_2_x, 'verdict'), 'word') == 'unfinished'):
                    pass
                    t_40.append(
                        '–',
                    )
                else:
                    pass
                    t_40.append(
                        escape(t_7((t_16(environment, context.call((undefined(name='gap_rows') if l_2_gap_rows is missing else l_2_gap_rows), environment.getattr(l_2_x, 'coverage'), policy=True, _loop_vars=_loop_vars), attribute='count') + (undefined(name='skipped') if l_2_skipped is missing else l_2_skipped)))),
                    )
                    if (undefined(name='skipped') if l_2_skipped is missing else l_2_skipped):
                        pass
                        t_40.extend((
                            '<span class="second">',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.areas_of', count=t_7((undefined(name='skipped') if l_2_skipped is missing else l_2_skipped)), _loop_vars=_loop_vars)),
                            '</span>',
                        ))
                t_40.append(
                    '</td></tr>\n',
                )
            l_2_loop = l_2_x = l_2_skipped = l_2_match_total = l_2_gap_rows = missing
            t_40.append(
                '</tbody>\n</table>\n',
            )
            return concat(t_40)
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
        if t_4(context.eval_ctx, t_14(context, environment.getattr(l_1_x, 'sources'), 'alarms')):
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
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'compared.nothing', _loop_vars=_loop_vars))
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
                    yield '<span class="second"><bdi>'
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
        def t_42(fiter):
            for l_2_area in fiter:
                if (not environment.getattr(l_2_area, 'policy')):
                    yield l_2_area
        for l_2_area in t_42(environment.getattr(environment.getattr(l_1_x, 'coverage'), 'areas')):
            l_2_w = resolve('w')
            _loop_vars = {}
            pass
            yield '<tr><td class="num strong">1</td><td>'
            yield escape(context.call((undefined(name='w') if l_2_w is missing else l_2_w), 'gap', environment.getattr(l_2_area, 'code'), environment.getattr(l_2_area, 'text'), _loop_vars=_loop_vars))
            yield '<span class="second"><bdi>'
            yield escape(t_5(environment.getattr(l_2_area, 'where')))
            yield '</bdi></span></td><td class="num">'
            yield escape(t_15(environment.getattr(l_2_area, 'size')))
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
                yield escape(t_15(environment.getattr(l_2_gap, 'size')))
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
                yield escape(t_15(environment.getattr(l_2_gap, 'size')))
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
                yield escape(t_15(environment.getattr(l_2_gap, 'size')))
            yield '</td></tr>\n'
        l_2_gap = missing
        yield '<tr><td></td><td>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.free_space', _loop_vars=_loop_vars))
        yield '</td><td></td></tr>\n</tbody>\n</table>\n</div>\n</div>\n'
        if t_4(context.eval_ctx, t_14(context, environment.getattr(l_1_x, 'matches'), 'grade', 'equalto', 'digest-conflict')):
            pass
            yield '<p class="scope note">'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.conflict', _loop_vars=_loop_vars))
            yield '</p>\n'
        if t_4(context.eval_ctx, t_14(context, environment.getattr(l_1_x, 'matches'), 'grade', 'in', (undefined(name='candidates') if l_1_candidates is missing else l_1_candidates))):
            pass
            yield '<p class="scope note">'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.candidates', _loop_vars=_loop_vars))
            yield '</p>\n'
        if environment.getattr(environment.getattr(l_1_x, 'left_out'), 'pictures'):
            pass
            yield '<p class="scope note">'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), ('result.left_out_at_least' if environment.getattr(environment.getattr(l_1_x, 'left_out'), 'at_least') else 'result.left_out_close'), pictures=t_7(environment.getattr(environment.getattr(l_1_x, 'left_out'), 'pictures')), entries=t_7(environment.getattr(environment.getattr(l_1_x, 'left_out'), 'entries')), _loop_vars=_loop_vars))
            yield '</p>\n'
        if t_4(context.eval_ctx, t_14(context, environment.getattr(l_1_x, 'matches'), 'kind', 'equalto', 'watch')):
            pass
            yield '<p class="scope note">'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'result.watch', _loop_vars=_loop_vars))
            yield '</p>\n'
        if t_4(context.eval_ctx, t_14(context, environment.getattr(l_1_x, 'matches'), 'kind', 'equalto', 'adult-intimate')):
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
        if (((((((environment.getattr(l_1_x, 'description') or environment.getattr(l_1_x, 'make')) or environment.getattr(l_1_x, 'model')) or environment.getattr(l_1_x, 'serial')) or environment.getattr(l_1_x, 'seal')) or environment.getattr(l_1_x, 'officer')) or environment.getattr(l_1_x, 'lims')) or environment.getattr(l_1_x, 'time_zone')):
            pass
            yield '<dl class="facts">\n'
            for l_2_name in ('description', 'make', 'model', 'serial', 'seal', 'officer', 'lims', 'time_zone'):
                _loop_vars = {}
                pass
                yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('exhibits.', l_2_name, )), _loop_vars=_loop_vars), environment.getitem(l_1_x, l_2_name), _loop_vars=_loop_vars))
            l_2_name = missing
            yield '</dl>\n'
        if environment.getattr(l_1_x, 'sources'):
            pass
            def macro():
                t_43 = []
                pass
                t_43.extend((
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
                    _loop_vars = {}
                    pass
                    t_43.extend((
                        '<tr><th scope="row"><bdi>',
                        escape(environment.getattr(l_3_s, 'label')),
                        '</bdi></th><td>',
                        escape(environment.getattr(l_3_s, 'format')),
                        '<span class="second">',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'exhibits.reader', _loop_vars=_loop_vars)),
                        ' <bdi>',
                        escape(environment.getattr(l_3_s, 'reader')),
                        '</bdi></span>',
                    ))
                    if (not t_20(environment.getattr(l_3_s, 'mount_read_only'))):
                        pass
                        t_43.extend((
                            '<span class="second">',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), ('exhibits.mounted_read_only' if environment.getattr(l_3_s, 'mount_read_only') else 'exhibits.mounted_writable'), _loop_vars=_loop_vars)),
                            '; ',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), ('exhibits.account_may_write' if environment.getattr(l_3_s, 'account_may_write') else 'exhibits.account_may_not_write'), _loop_vars=_loop_vars)),
                            '</span>',
                        ))
                    t_43.append(
                        '</td><td>',
                    )
                    l_4_loop = missing
                    for l_4_file, l_4_loop in LoopContext(environment.getattr(l_3_s, 'segments')[:8], undefined):
                        _loop_vars = {}
                        pass
                        t_43.extend((
                            '<bdi>',
                            escape(environment.getattr(l_4_file, 'name')),
                            '</bdi> <span class="nowrap">(',
                            escape(t_15(environment.getattr(l_4_file, 'size'))),
                            ')</span>',
                        ))
                        if (not environment.getattr(l_4_loop, 'last')):
                            pass
                            t_43.append(
                                ', ',
                            )
                    l_4_loop = l_4_file = missing
                    if (t_3(environment.getattr(l_3_s, 'segments')) > 8):
                        pass
                        t_43.extend((
                            ' … (',
                            escape(t_7(t_3(environment.getattr(l_3_s, 'segments')))),
                            ')',
                        ))
                    t_43.append(
                        '</td><td class="num">',
                    )
                    if environment.getattr(l_3_s, 'size'):
                        pass
                        t_43.extend((
                            escape(t_15(environment.getattr(l_3_s, 'size'))),
                            '<span class="second">',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'format.bytes', count=t_7(environment.getattr(l_3_s, 'size')), _loop_vars=_loop_vars)),
                            '</span>',
                        ))
                    else:
                        pass
                        t_43.append(
                            '–',
                        )
                    t_43.append(
                        '</td><td>',
                    )
                    l_4_loop = missing
                    for l_4_code, l_4_loop in LoopContext(environment.getattr(l_3_s, 'alarms'), undefined):
                        _loop_vars = {}
                        pass
                        t_43.extend((
                            '<span class="alarm">',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('source_state.', l_4_code, )), _loop_vars=_loop_vars)),
                            '</span>',
                        ))
                        if ((not environment.getattr(l_4_loop, 'last')) or environment.getattr(l_3_s, 'health')):
                            pass
                            t_43.append(
                                '; ',
                            )
                    l_4_loop = l_4_code = missing
                    l_4_loop = missing
                    t_44 = 1
                    for l_4_note, l_4_loop in LoopContext(environment.getattr(l_3_s, 'health'), undefined):
                        l_4_w = resolve('w')
                        _loop_vars = {}
                        pass
                        t_43.extend((
                            '<span class="strong">',
                            escape(context.call((undefined(name='w') if l_4_w is missing else l_4_w), 'gap', environment.getattr(l_4_note, 'code'), environment.getattr(l_4_note, 'text'), _loop_vars=_loop_vars)),
                            '</span>',
                        ))
                        if (not environment.getattr(l_4_loop, 'last')):
                            pass
                            t_43.append(
                                '; ',
                            )
                        t_44 = 0
                    l_4_loop = l_4_note = l_4_w = missing
                    if t_44:
                        pass
                        if (not environment.getattr(l_3_s, 'alarms')):
                            pass
                            t_43.append(
                                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'exhibits.sound')),
                            )
                    if ((not t_20(environment.getattr(l_3_s, 'declared_size'))) and (environment.getattr(l_3_s, 'declared_size') != environment.getattr(l_3_s, 'size'))):
                        pass
                        t_43.extend((
                            '<span class="second">',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'exhibits.declared', _loop_vars=_loop_vars)),
                            ': ',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'format.bytes', count=t_7(environment.getattr(l_3_s, 'declared_size')), _loop_vars=_loop_vars)),
                            '</span>',
                        ))
                    t_43.append(
                        '</td></tr>\n',
                    )
                l_3_loop = l_3_s = missing
                t_43.append(
                    '</tbody>\n</table>\n',
                )
                return concat(t_43)
            caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
            yield context.call((undefined(name='region') if l_0_region is missing else l_0_region), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'exhibits.source', _loop_vars=_loop_vars), caller=caller, _loop_vars=_loop_vars)
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
    l_0_ns = context.call((undefined(name='namespace') if l_0_namespace is missing else l_0_namespace), any=False)
    context.vars['ns'] = l_0_ns
    context.exported_vars.add('ns')
    for l_1_x in environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'exhibits'):
        _loop_vars = {}
        pass
        def t_45(fiter):
            for l_2_s in fiter:
                if environment.getattr(l_2_s, 'digests'):
                    yield l_2_s
        for l_2_s in t_45(environment.getattr(l_1_x, 'sources')):
            _loop_vars = {}
            pass
            if not isinstance(l_0_ns, Namespace):
                raise TemplateRuntimeError("cannot assign attribute on non-namespace object")
            l_0_ns['any'] = True
            def macro():
                t_46 = []
                pass
                t_46.extend((
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
                    t_46.extend((
                        '<tr><th scope="row">',
                        escape(context.call((undefined(name='w') if l_4_w is missing else l_4_w), 'algorithm', environment.getattr(l_4_d, 'algorithm'), _loop_vars=_loop_vars)),
                        '<span class="second">',
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
                t_46.append(
                    '</tbody>\n</table>\n',
                )
                return concat(t_46)
            caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
            yield context.call((undefined(name='region') if l_0_region is missing else l_0_region), environment.getattr(l_2_s, 'label'), caller=caller, _loop_vars=_loop_vars)
        l_2_s = missing
    l_1_x = missing
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
        def t_47(fiter):
            for l_2_s in fiter:
                if environment.getattr(l_2_s, 'acquisitions'):
                    yield l_2_s
        for l_2_s in t_47(environment.getattr(l_1_x, 'sources')):
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
            t_48 = []
            pass
            t_48.extend((
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
                        t_48.extend((
                            '<tr><th scope="row"><bdi>',
                            escape(environment.getattr(l_3_s, 'label')),
                            '</bdi></th><td>',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('origin.', environment.getattr(l_4_a, 'stated_by'), )), _loop_vars=_loop_vars)),
                            '<span class="second"><bdi>',
                            escape(environment.getattr(l_4_a, 'program')),
                            ' ',
                            escape(environment.getattr(l_4_a, 'version')),
                            '</bdi></span>',
                        ))
                        if environment.getattr(l_4_a, 'log_sha256'):
                            pass
                            t_48.extend((
                                '<span class="second">',
                                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'acquired.log', _loop_vars=_loop_vars)),
                                ' <code>',
                                escape(t_1(environment.getattr(l_4_a, 'log_sha256'))),
                                '</code></span>',
                            ))
                        t_48.append(
                            '</td><td>',
                        )
                        if environment.getattr(l_4_a, 'started'):
                            pass
                            t_48.extend((
                                '<bdi>',
                                escape(t_12(context.eval_ctx, environment.getattr(l_4_a, 'started'), 'T', ' ')),
                                '</bdi>',
                            ))
                            if environment.getattr(l_4_a, 'ended'):
                                pass
                                t_48.extend((
                                    ' – <bdi>',
                                    escape(t_12(context.eval_ctx, environment.getattr(l_4_a, 'ended'), 'T', ' ')),
                                    '</bdi>',
                                ))
                            t_48.extend((
                                '<span class="second">',
                                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), ('acquired.utc' if (environment.getattr(l_4_a, 'zone') == 'UTC') else 'acquired.no_zone'), _loop_vars=_loop_vars)),
                                '</span>',
                            ))
                        else:
                            pass
                            t_48.append(
                                '–',
                            )
                        t_48.append(
                            '</td><td>',
                        )
                        t_49 = 1
                        for l_5_d in environment.getattr(l_4_a, 'digests'):
                            l_5_w = resolve('w')
                            _loop_vars = {}
                            pass
                            t_48.extend((
                                '<span class="second">',
                                escape(context.call((undefined(name='w') if l_5_w is missing else l_5_w), 'algorithm', environment.getattr(l_5_d, 'algorithm'), _loop_vars=_loop_vars)),
                                ' <code>',
                                escape(t_1(environment.getattr(l_5_d, 'value'))),
                                '</code></span>',
                            ))
                            t_49 = 0
                        l_5_d = l_5_w = missing
                        if t_49:
                            pass
                            t_48.append(
                                '–',
                            )
                        t_48.append(
                            '</td><td>',
                        )
                        if (not t_20(environment.getattr(l_4_a, 'finished'))):
                            pass
                            t_48.append(
                                '<span class="second',
                            )
                            if (not environment.getattr(l_4_a, 'finished')):
                                pass
                                t_48.append(
                                    ' strong',
                                )
                            t_48.extend((
                                '">',
                                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), ('acquired.finished' if environment.getattr(l_4_a, 'finished') else 'acquired.unfinished'), _loop_vars=_loop_vars)),
                                '</span>',
                            ))
                        if (not t_20(environment.getattr(l_4_a, 'bad_sectors'))):
                            pass
                            t_48.append(
                                '<span class="second',
                            )
                            if environment.getattr(l_4_a, 'bad_sectors'):
                                pass
                                t_48.append(
                                    ' strong',
                                )
                            t_48.extend((
                                '">',
                                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'acquired.bad_sectors', count=t_7(environment.getattr(l_4_a, 'bad_sectors')), _loop_vars=_loop_vars)),
                                '</span>',
                            ))
                        for l_5_d in environment.getattr(l_4_a, 'differs'):
                            l_5_w = resolve('w')
                            _loop_vars = {}
                            pass
                            t_48.extend((
                                '<span class="second strong">',
                                escape(context.call((undefined(name='w') if l_5_w is missing else l_5_w), 'acquired_differs', l_5_d, _loop_vars=_loop_vars)),
                                '</span>',
                            ))
                        l_5_d = l_5_w = missing
                        t_48.append(
                            '</td></tr>\n',
                        )
                    l_4_a = missing
                l_3_s = missing
            l_2_x = missing
            t_48.append(
                '</tbody>\n</table>\n',
            )
            return concat(t_48)
        caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
        yield context.call((undefined(name='region') if l_0_region is missing else l_0_region), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'acquired.title'), caller=caller)
    yield '\n'
    yield escape(context.call((undefined(name='heading') if l_0_heading is missing else l_0_heading), 'custody'))
    yield '\n<p>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'custody.intro'))
    yield '</p>\n'
    yield escape(context.call((undefined(name='draw') if l_0_draw is missing else l_0_draw), 'custody'))
    yield '\n'
    l_1_loop = missing
    for l_1_topic, l_1_loop in LoopContext(('custody', 'data', 'record'), undefined):
        l_1_rows = resolve('rows')
        l_1_told = missing
        _loop_vars = {}
        pass
        l_1_told = t_4(context.eval_ctx, t_14(context, environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'acts'), 'topic', 'equalto', l_1_topic))
        _loop_vars['told'] = l_1_told
        yield '<h3>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('custody_topic.', l_1_topic, )), _loop_vars=_loop_vars))
        yield '</h3>\n'
        if (undefined(name='told') if l_1_told is missing else l_1_told):
            pass
            def macro():
                t_50 = []
                pass
                t_50.extend((
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
                for l_3_a, l_3_loop in LoopContext((undefined(name='told') if l_1_told is missing else l_1_told)[:(undefined(name='rows') if l_1_rows is missing else l_1_rows)], undefined):
                    _loop_vars = {}
                    pass
                    t_50.extend((
                        '<tr><td class="num">',
                        escape(t_7(environment.getattr(l_3_a, 'seq'))),
                        '</td><td>',
                        escape(t_18(environment.getattr(l_3_a, 'time'))),
                        '</td><th scope="row">',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('act.', t_12(context.eval_ctx, environment.getattr(l_3_a, 'type'), '.', '_'), )), _loop_vars=_loop_vars)),
                        '<span class="second"><bdi>',
                        escape(environment.getattr(l_3_a, 'actor')),
                        '</bdi></span></th><td>',
                    ))
                    l_4_loop = missing
                    for l_4_each, l_4_loop in LoopContext(environment.getattr(l_3_a, 'of'), undefined):
                        _loop_vars = {}
                        pass
                        t_50.extend((
                            '<bdi>',
                            escape(l_4_each),
                            '</bdi>',
                        ))
                        if (not environment.getattr(l_4_loop, 'last')):
                            pass
                            t_50.append(
                                ', ',
                            )
                    l_4_loop = l_4_each = missing
                    t_50.append(
                        '</td><td>',
                    )
                    for l_4_f in environment.getattr(l_3_a, 'fields'):
                        _loop_vars = {}
                        pass
                        t_50.extend((
                            '<span class="second">',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('act_field.', environment.getattr(l_4_f, 'name'), )), _loop_vars=_loop_vars)),
                            ': <bdi>',
                            escape(environment.getattr(l_4_f, 'value')),
                            '</bdi></span>',
                        ))
                    l_4_f = missing
                    for l_4_person in environment.getattr(l_3_a, 'signed'):
                        _loop_vars = {}
                        pass
                        t_50.extend((
                            '<span class="second">',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'custody.signed', _loop_vars=_loop_vars)),
                            ' <bdi>',
                            escape(l_4_person),
                            '</bdi></span>',
                        ))
                    l_4_person = missing
                    for l_4_person in environment.getattr(l_3_a, 'unsigned'):
                        _loop_vars = {}
                        pass
                        t_50.extend((
                            '<span class="second strong">',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'custody.unsigned', _loop_vars=_loop_vars)),
                            ' <bdi>',
                            escape(l_4_person),
                            '</bdi></span>',
                        ))
                    l_4_person = missing
                    t_50.append(
                        '</td></tr>\n',
                    )
                l_3_loop = l_3_a = missing
                t_50.append(
                    '</tbody>\n</table>\n',
                )
                return concat(t_50)
            caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
            yield context.call((undefined(name='region') if l_0_region is missing else l_0_region), context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('custody_topic.', l_1_topic, )), _loop_vars=_loop_vars), caller=caller, _loop_vars=_loop_vars)
            if (t_3((undefined(name='told') if l_1_told is missing else l_1_told)) > (undefined(name='rows') if l_1_rows is missing else l_1_rows)):
                pass
                yield '<p class="scope">'
                yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'custody.more', count=t_7((t_3((undefined(name='told') if l_1_told is missing else l_1_told)) - (undefined(name='rows') if l_1_rows is missing else l_1_rows))), _loop_vars=_loop_vars))
                yield '</p>'
        else:
            pass
            yield '<p>'
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('custody_none.', l_1_topic, )), _loop_vars=_loop_vars))
            yield '</p>\n'
    l_1_loop = l_1_topic = l_1_told = l_1_rows = missing
    yield '\n'
    yield escape(context.call((undefined(name='heading') if l_0_heading is missing else l_0_heading), 'method'))
    yield '\n<dl class="facts two">\n'
    yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'front.names'), context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('names.', environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'names'), ))), True))
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
    if t_4(context.eval_ctx, t_14(context, environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'runs'), 'plugin')):
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
            t_51 = []
            pass
            t_51.extend((
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
                t_51.extend((
                    '<tr><th scope="row">',
                    escape(context.call((undefined(name='set_name') if l_0_set_name is missing else l_0_set_name), environment.getattr(l_2_s, 'name'), environment.getattr(l_2_s, 'issuer'), environment.getattr(l_2_s, 'edition'), _loop_vars=_loop_vars)),
                    '</th><td>',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('kind.', environment.getattr(l_2_s, 'kind'), )), _loop_vars=_loop_vars)),
                ))
                if environment.getattr(l_2_s, 'authority'):
                    pass
                    t_51.extend((
                        '<span class="second"><bdi>',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.authority', text=environment.getattr(l_2_s, 'authority'), _loop_vars=_loop_vars)),
                        '</bdi></span>',
                    ))
                t_51.extend((
                    '</td><td class="num">',
                    escape(t_7(environment.getattr(l_2_s, 'records'))),
                ))
                for l_3_d in environment.getattr(l_2_s, 'digests'):
                    _loop_vars = {}
                    pass
                    t_51.extend((
                        '<span class="second">',
                        escape(context.call((undefined(name='w') if l_2_w is missing else l_2_w), 'algorithm', environment.getattr(l_3_d, 'algorithm'), _loop_vars=_loop_vars)),
                        ' ',
                        escape(t_7(environment.getattr(l_3_d, 'count'))),
                        '</span>',
                    ))
                l_3_d = missing
                for l_3_d in environment.getattr(l_2_s, 'near'):
                    _loop_vars = {}
                    pass
                    t_51.extend((
                        '<span class="second wrapped">',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.near', kind=context.call((undefined(name='w') if l_2_w is missing else l_2_w), 'algorithm', environment.getattr(l_3_d, 'algorithm'), _loop_vars=_loop_vars), count=t_7(environment.getattr(l_3_d, 'count')), _loop_vars=_loop_vars)),
                    ))
                    if environment.getattr(l_3_d, 'below_quality'):
                        pass
                        t_51.extend((
                            '; ',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.near_below', count=t_7(environment.getattr(l_3_d, 'below_quality')), _loop_vars=_loop_vars)),
                        ))
                    if environment.getattr(l_3_d, 'probes'):
                        pass
                        t_51.extend((
                            '; ',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.probes', tried=t_7(environment.getattr(environment.getattr(l_3_d, 'probes'), 'tried')), failed=t_7(environment.getattr(environment.getattr(l_3_d, 'probes'), 'failed')), _loop_vars=_loop_vars)),
                        ))
                    t_51.append(
                        '</span>',
                    )
                l_3_d = missing
                for l_3_d in environment.getattr(l_2_s, 'not_compared'):
                    _loop_vars = {}
                    pass
                    t_51.extend((
                        '<span class="second strong">',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.not_compared', kind=context.call((undefined(name='w') if l_2_w is missing else l_2_w), 'algorithm', environment.getattr(l_3_d, 'algorithm'), _loop_vars=_loop_vars), count=t_7(environment.getattr(l_3_d, 'count')), _loop_vars=_loop_vars)),
                        '</span>',
                    ))
                l_3_d = missing
                t_51.extend((
                    '</td><td><code>',
                    escape(t_1(environment.getattr(l_2_s, 'source_sha256'))),
                    '</code>',
                ))
                if environment.getattr(l_2_s, 'rejected'):
                    pass
                    t_51.extend((
                        '<span class="second">',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.rejected', count=t_7(environment.getattr(l_2_s, 'rejected')), _loop_vars=_loop_vars)),
                        '</span>',
                    ))
                t_51.extend((
                    '<span class="second">',
                    escape((context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.probes', tried=t_7(environment.getattr(environment.getattr(l_2_s, 'probes'), 'tried')), failed=t_7(environment.getattr(environment.getattr(l_2_s, 'probes'), 'failed')), _loop_vars=_loop_vars) if environment.getattr(l_2_s, 'probes') else context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.no_probes', _loop_vars=_loop_vars))),
                    '</span></td><td>',
                    escape(context.call((undefined(name='w') if l_2_w is missing else l_2_w), 'signature', environment.getattr(l_2_s, 'signature'), _loop_vars=_loop_vars)),
                ))
                if (environment.getattr(l_2_s, 'key_id') and environment.getattr(l_2_s, 'signer')):
                    pass
                    t_51.extend((
                        '<span class="second"><bdi>',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.signer', key=environment.getattr(l_2_s, 'key_id'), signer=environment.getattr(l_2_s, 'signer'), _loop_vars=_loop_vars)),
                        '</bdi></span>',
                    ))
                if environment.getattr(l_2_s, 'expires'):
                    pass
                    t_51.extend((
                        '<span class="second">',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.expires', date=environment.getattr(l_2_s, 'expires'), _loop_vars=_loop_vars)),
                        '</span>',
                    ))
                for l_3_a in environment.getattr(l_2_s, 'allowed'):
                    _loop_vars = {}
                    pass
                    t_51.extend((
                        '<span class="second strong">',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.allowed', what=context.call((undefined(name='w') if l_2_w is missing else l_2_w), 'allowance', l_3_a, _loop_vars=_loop_vars), _loop_vars=_loop_vars)),
                        '</span>',
                    ))
                l_3_a = missing
                if (environment.getattr(l_2_s, 'state') != 'active'):
                    pass
                    t_51.extend((
                        '<span class="second strong">',
                        escape(context.call((undefined(name='w') if l_2_w is missing else l_2_w), 'set_state', environment.getattr(l_2_s, 'state'), _loop_vars=_loop_vars)),
                    ))
                    if environment.getattr(l_2_s, 'reason'):
                        pass
                        t_51.extend((
                            ': <bdi>',
                            escape(environment.getattr(l_2_s, 'reason')),
                            '</bdi>',
                        ))
                    t_51.append(
                        '</span>',
                    )
                t_51.append(
                    '</td><td>',
                )
                if environment.getattr(l_2_s, 'profile'):
                    pass
                    t_51.extend((
                        '<bdi>',
                        escape(environment.getattr(l_2_s, 'profile')),
                        '</bdi><span class="second">',
                        escape((context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.verified', _loop_vars=_loop_vars) if environment.getattr(l_2_s, 'profile_verified') else context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.unverified', _loop_vars=_loop_vars))),
                        '</span>',
                    ))
                else:
                    pass
                    t_51.append(
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'method.no_profile', _loop_vars=_loop_vars)),
                    )
                t_51.append(
                    '</td></tr>\n',
                )
            l_2_s = l_2_w = missing
            t_51.append(
                '</tbody>\n</table>\n',
            )
            return concat(t_51)
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
        t_52 = []
        pass
        t_52.extend((
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
            t_52.extend((
                '<th scope="col" class="num">+ ',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.not_reached')),
                '</th>',
            ))
        t_52.append(
            '<th scope="col"></th></tr></thead>\n<tbody>\n',
        )
        for l_2_x in environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'exhibits'):
            _loop_vars = {}
            pass
            for l_3_s in environment.getattr(l_2_x, 'sources'):
                _loop_vars = {}
                pass
                for l_4_v in environment.getattr(l_3_s, 'volumes'):
                    _loop_vars = {}
                    pass
                    t_52.extend((
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
                        t_52.extend((
                            '<td class="num">',
                            escape(t_7(environment.getattr(environment.getattr(l_4_v, 'equation'), 'not_reached'))),
                            '</td>',
                        ))
                    t_52.extend((
                        '<td class="',
                        escape(('second' if environment.getattr(environment.getattr(l_4_v, 'equation'), 'closes') else 'alarm')),
                        '">',
                    ))
                    if environment.getattr(l_4_v, 'listing_open'):
                        pass
                        t_52.append(
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.listing_open', _loop_vars=_loop_vars)),
                        )
                    elif (environment.getattr(l_4_v, 'state') != 'examined'):
                        pass
                        t_52.append(
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('state.', environment.getattr(l_4_v, 'state'), )), _loop_vars=_loop_vars)),
                        )
                    else:
                        pass
                        t_52.append(
                            escape((context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.closes', _loop_vars=_loop_vars) if environment.getattr(environment.getattr(l_4_v, 'equation'), 'closes') else context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.does_not_close', _loop_vars=_loop_vars))),
                        )
                    t_52.append(
                        '</td></tr>\n',
                    )
                l_4_v = missing
            l_3_s = missing
        l_2_x = missing
        t_52.extend((
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
            t_52.extend((
                '<td class="num">',
                escape(t_7(environment.getattr((undefined(name='e') if l_0_e is missing else l_0_e), 'not_reached'))),
                '</td>',
            ))
        t_52.extend((
            '<td class="',
            escape(('' if environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'closes') else 'alarm')),
            '">',
            escape((context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.closes') if environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'closes') else context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.does_not_close'))),
            '</td></tr></tfoot>\n</table>\n',
        ))
        return concat(t_52)
    caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
    yield context.call((undefined(name='region') if l_0_region is missing else l_0_region), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.equation'), caller=caller)
    def macro():
        t_53 = []
        pass
        t_53.extend((
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
                def t_54(fiter):
                    for l_4_v in fiter:
                        if (environment.getattr(l_4_v, 'state') == 'examined'):
                            yield l_4_v
                for l_4_v in t_54(environment.getattr(l_3_s, 'volumes')):
                    _loop_vars = {}
                    pass
                    t_53.extend((
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
        t_53.extend((
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
        return concat(t_53)
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
    l_0_asked = t_4(context.eval_ctx, t_14(context, environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'exhibits'), 'metadata'))
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
            t_55 = []
            pass
            t_55.extend((
                '<table>\n<caption>',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'metadata.title')),
                '</caption>\n<thead><tr><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'metadata.exhibit')),
                '</th>',
            ))
            for l_2_part in ('read', 'found', 'nothing', 'unreadable', 'positions'):
                _loop_vars = {}
                pass
                t_55.extend((
                    '<th scope="col" class="num">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('metadata.', l_2_part, )), _loop_vars=_loop_vars)),
                    '</th>',
                ))
            l_2_part = missing
            t_55.append(
                '</tr></thead>\n<tbody>\n',
            )
            for l_2_x in (undefined(name='asked') if l_0_asked is missing else l_0_asked):
                _loop_vars = {}
                pass
                t_55.extend((
                    '<tr><th scope="row"><bdi>',
                    escape(environment.getattr(l_2_x, 'label')),
                    '</bdi></th>',
                ))
                for l_3_part in ('read', 'found', 'nothing', 'unreadable', 'positions'):
                    _loop_vars = {}
                    pass
                    t_55.extend((
                        '<td class="num">',
                        escape(t_7(environment.getitem(environment.getattr(l_2_x, 'metadata'), l_3_part))),
                        '</td>',
                    ))
                l_3_part = missing
                t_55.append(
                    '</tr>\n',
                )
            l_2_x = missing
            t_55.append(
                '</tbody>\n</table>\n',
            )
            return concat(t_55)
        caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
        yield context.call((undefined(name='region') if l_0_region is missing else l_0_region), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'metadata.title'), caller=caller)
        def macro():
            t_56 = []
            pass
            t_56.extend((
                '<table>\n<caption>',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'metadata.devices')),
                '</caption>\n',
            ))
            if environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'devices'):
                pass
                t_56.extend((
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
                    t_56.extend((
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
                        t_56.extend((
                            '<bdi>',
                            escape(l_3_label),
                            '</bdi>',
                        ))
                        if (not environment.getattr(l_3_loop, 'last')):
                            pass
                            t_56.append(
                                ', ',
                            )
                    l_3_loop = l_3_label = missing
                    t_56.append(
                        '</td></tr>\n',
                    )
                l_2_loop = l_2_device = missing
                if (t_3(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'devices')) > 40):
                    pass
                    t_56.extend((
                        '<tr><td colspan="5">',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'metadata.more', count=t_7(t_3(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'devices'))))),
                        '</td></tr>\n',
                    ))
                t_56.append(
                    '</tbody>\n',
                )
            else:
                pass
                t_56.extend((
                    '<tbody><tr><td>',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'metadata.no_devices')),
                    '</td></tr></tbody>\n',
                ))
            t_56.append(
                '</table>\n',
            )
            return concat(t_56)
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
            t_57 = []
            pass
            t_57.extend((
                '<table>\n<caption>',
                escape(l_1_title),
                '</caption>\n',
            ))
            if (undefined(name='gaps') if l_1_gaps is missing else l_1_gaps):
                pass
                t_57.extend((
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
                    t_57.extend((
                        '<tr><td class="num strong">',
                        escape(t_7(environment.getattr(l_3_gap, 'count'))),
                        '</td><td>',
                        escape(context.call((undefined(name='gap_text') if l_0_gap_text is missing else l_0_gap_text), l_3_gap, _loop_vars=_loop_vars)),
                        '<span class="second">',
                        escape(environment.getattr(l_3_gap, 'code')),
                        '</span></td><td class="num">',
                    ))
                    if environment.getattr(l_3_gap, 'size'):
                        pass
                        t_57.append(
                            escape(t_15(environment.getattr(l_3_gap, 'size'))),
                        )
                    t_57.append(
                        '</td><td>',
                    )
                    for l_4_one in environment.getattr(l_3_gap, 'examples'):
                        _loop_vars = {}
                        pass
                        t_57.extend((
                            '<code><bdi>',
                            escape(t_5(l_4_one)),
                            '</bdi></code>',
                        ))
                    l_4_one = missing
                    t_57.append(
                        '</td></tr>\n',
                    )
                l_3_gap = missing
                t_57.append(
                    '</tbody>\n',
                )
            else:
                pass
                t_57.extend((
                    '<tbody><tr><td>',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.no_gaps')),
                    '</td></tr></tbody>\n',
                ))
            t_57.append(
                '</table>\n',
            )
            return concat(t_57)
        caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
        yield context.call((undefined(name='region') if l_0_region is missing else l_0_region), l_1_title, caller=caller, _loop_vars=_loop_vars)
    l_1_title = l_1_policy = l_1_gap_rows = l_1_gaps = missing
    def macro():
        t_58 = []
        pass
        t_58.extend((
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
            t_58.extend((
                '<tr><th scope="row"><bdi>',
                escape(t_5(environment.getattr(l_2_area, 'where'))),
                '</bdi></th><td>',
                escape(context.call((undefined(name='w') if l_2_w is missing else l_2_w), 'gap', environment.getattr(l_2_area, 'code'), environment.getattr(l_2_area, 'text'), _loop_vars=_loop_vars)),
                '</td><td class="num">',
                escape(t_15(environment.getattr(l_2_area, 'size'))),
                '</td></tr>\n',
            ))
        l_2_area = l_2_w = missing
        t_58.extend((
            '<tr><th scope="row">',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.unallocated')),
            '</th><td>',
            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.unallocated_value')),
            '</td><td></td></tr>\n</tbody>\n</table>\n',
        ))
        return concat(t_58)
    caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
    yield context.call((undefined(name='region') if l_0_region is missing else l_0_region), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.area_title'), caller=caller)
    yield '<div class="pair">\n<div>\n<table class="tight">\n<caption>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.types'))
    yield '</caption>\n<thead><tr><th scope="col">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.type'))
    yield '</th><th scope="col" class="num">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.seen'))
    yield '</th><th scope="col" class="num">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.comparable'))
    yield '</th><th scope="col" class="num">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.misnamed'))
    yield '</th><th scope="col" class="num">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.bytes'))
    yield '</th></tr></thead>\n<tbody>\n'
    for l_1_row in environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'types'):
        _loop_vars = {}
        pass
        yield '<tr><th scope="row">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('type_class.', environment.getattr(l_1_row, 'type_class'), )), _loop_vars=_loop_vars))
        yield '</th><td class="num">'
        yield escape(t_7(environment.getattr(l_1_row, 'seen')))
        yield '</td><td class="num">'
        yield escape(t_7(environment.getattr(l_1_row, 'comparable')))
        yield '</td><td class="num">'
        yield escape(t_7(environment.getattr(l_1_row, 'misnamed')))
        yield '</td><td class="num">'
        yield escape(t_15(environment.getattr(l_1_row, 'size')))
        yield '</td></tr>\n'
    l_1_row = missing
    yield '</tbody>\n</table>\n'
    if t_16(environment, environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'types'), attribute='misnamed'):
        pass
        yield '<p class="scope">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.misnamed_text'))
        yield '</p>'
    yield '</div>\n<div>\n<table class="tight">\n<caption>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.bytes_title'))
    yield '</caption>\n<tbody>\n<tr><th scope="row">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.item_bytes'))
    yield '</th><td class="num">'
    yield escape(t_7(environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'item_bytes')))
    yield '</td></tr>\n<tr><th scope="row">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.item_bytes_examined'))
    yield '</th><td class="num">'
    yield escape(t_7(environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'item_bytes_examined')))
    yield '</td></tr>\n<tr><th scope="row">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.volume_bytes'))
    yield '</th><td class="num">'
    yield escape(t_7(environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'volume_bytes')))
    yield '</td></tr>\n<tr><th scope="row">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.volume_bytes_not_opened'))
    yield '</th><td class="num">'
    yield escape(t_7(environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'volume_bytes_not_opened')))
    yield '</td></tr>\n<tr><th scope="row">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.unallocated'))
    yield '</th><td class="num">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.unallocated_value'))
    yield '</td></tr>\n<tr><th scope="row">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.share'))
    yield '</th><td class="num strong">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.share_value', percent=t_9(environment.getattr((undefined(name='c') if l_0_c is missing else l_0_c), 'percent_of_bytes'))))
    yield '</td></tr>\n</tbody>\n</table>\n</div>\n</div>\n'
    def macro():
        t_59 = []
        pass
        t_59.extend((
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
                    t_59.extend((
                        '<tr><th scope="row"><bdi>',
                        escape(t_5(markup_join((environment.getattr(l_3_s, 'label'), '/', environment.getattr(l_4_v, 'key'), )))),
                        '</bdi></th><td>',
                        escape(environment.getattr(l_4_v, 'file_system')),
                        '</td><td class="num">',
                        escape(t_7(environment.getattr(l_4_v, 'offset'))),
                        '</td><td class="num">',
                        escape(t_15(environment.getattr(l_4_v, 'size'))),
                        '</td><td>',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('state.', ('in-part' if ((environment.getattr(l_4_v, 'state') == 'examined') and environment.getattr(environment.getattr(l_4_v, 'equation'), 'not_reached')) else environment.getattr(l_4_v, 'state')), )), _loop_vars=_loop_vars)),
                    ))
                    if (environment.getattr(l_4_v, 'encryption') != 'none'):
                        pass
                        t_59.extend((
                            '<span class="second">',
                            escape(context.call((undefined(name='w') if l_4_w is missing else l_4_w), 'encryption', environment.getattr(l_4_v, 'encryption'), _loop_vars=_loop_vars)),
                            '</span>',
                        ))
                    t_59.extend((
                        '</td><td><bdi>',
                        escape((environment.getattr(l_4_v, 'sweep') if (environment.getattr(l_4_v, 'state') == 'examined') else '–')),
                        '</bdi></td><td>',
                    ))
                    for l_5_m in environment.getattr(l_4_v, 'times'):
                        _loop_vars = {}
                        pass
                        t_59.extend((
                            '<span class="second">',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'time.basis', which=context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('time.', environment.getattr(l_5_m, 'which'), )), _loop_vars=_loop_vars), zone=context.call((undefined(name='w') if l_4_w is missing else l_4_w), 'time', environment.getattr(l_5_m, 'zone'), _loop_vars=_loop_vars), resolution=t_13(environment.getattr(l_5_m, 'resolution_ns')), _loop_vars=_loop_vars)),
                            '</span>',
                        ))
                    l_5_m = missing
                    t_59.append(
                        '</td></tr>\n',
                    )
                l_4_v = l_4_w = missing
            l_3_s = missing
        l_2_x = missing
        t_59.append(
            '</tbody>\n</table>\n',
        )
        return concat(t_59)
    caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
    yield context.call((undefined(name='region') if l_0_region is missing else l_0_region), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'coverage.volumes'), caller=caller)
    yield '\n'
    yield escape(context.call((undefined(name='heading') if l_0_heading is missing else l_0_heading), 'findings'))
    yield '\n<p>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.intro'))
    yield '</p>\n'
    def macro(l_1_list, l_1_withdrawn):
        t_60 = []
        l_1_rows = resolve('rows')
        if l_1_list is missing:
            l_1_list = undefined("parameter 'list' was not provided", name='list')
        if l_1_withdrawn is missing:
            l_1_withdrawn = undefined("parameter 'withdrawn' was not provided", name='withdrawn')
        pass
        def macro():
            t_61 = []
            pass
            t_61.extend((
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
            for l_3_f in l_1_list[:(undefined(name='rows') if l_1_rows is missing else l_1_rows)]:
                l_3_w = resolve('w')
                _loop_vars = {}
                pass
                t_61.extend((
                    '<tr><th scope="row" class="nowrap">',
                    escape(environment.getattr(l_3_f, 'number')),
                    '</th><td><bdi class="strong">',
                    escape(environment.getattr(l_3_f, 'exhibit')),
                    '</bdi><code><bdi>',
                    escape(t_5(environment.getattr(l_3_f, 'locator'))),
                    '</bdi></code><span class="second">',
                    escape(environment.getattr(l_3_f, 'type')),
                    ', ',
                    escape(t_15(environment.getattr(l_3_f, 'size'))),
                    ', ',
                    escape((context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.allocated', _loop_vars=_loop_vars) if environment.getattr(l_3_f, 'allocated') else context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.deleted', _loop_vars=_loop_vars))),
                    ', ',
                    escape(context.call((undefined(name='w') if l_3_w is missing else l_3_w), 'place', environment.getattr(l_3_f, 'place'), _loop_vars=_loop_vars)),
                    '</span></td><td><span class="strong">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('grade.', environment.getattr(l_3_f, 'grade'), )), _loop_vars=_loop_vars)),
                    '</span>',
                ))
                if (not t_20(environment.getattr(l_3_f, 'listed_size'))):
                    pass
                    t_61.extend((
                        '<span class="second">',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.listed_size', size=context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'format.bytes', count=t_7(environment.getattr(l_3_f, 'listed_size')), _loop_vars=_loop_vars), _loop_vars=_loop_vars)),
                        '</span>',
                    ))
                if (environment.getattr(l_3_f, 'near') and environment.getattr(environment.getattr(l_3_f, 'near'), 'plugin')):
                    pass
                    t_61.extend((
                        '<span class="second">',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.near_plugin', algorithm=context.call((undefined(name='w') if l_3_w is missing else l_3_w), 'algorithm', environment.getattr(environment.getattr(l_3_f, 'near'), 'algorithm'), _loop_vars=_loop_vars), plugin=environment.getattr(environment.getattr(environment.getattr(l_3_f, 'near'), 'plugin'), 'name'), version=environment.getattr(environment.getattr(environment.getattr(l_3_f, 'near'), 'plugin'), 'version'), distance=t_7(environment.getattr(environment.getattr(l_3_f, 'near'), 'distance')), radius=t_7(environment.getattr(environment.getattr(l_3_f, 'near'), 'radius')), _loop_vars=_loop_vars)),
                        '</span>',
                    ))
                elif environment.getattr(l_3_f, 'near'):
                    pass
                    t_61.extend((
                        '<span class="second">',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.near', algorithm=context.call((undefined(name='w') if l_3_w is missing else l_3_w), 'algorithm', environment.getattr(environment.getattr(l_3_f, 'near'), 'algorithm'), _loop_vars=_loop_vars), view=context.call((undefined(name='w') if l_3_w is missing else l_3_w), 'view', environment.getattr(environment.getattr(l_3_f, 'near'), 'view'), _loop_vars=_loop_vars), distance=t_7(environment.getattr(environment.getattr(l_3_f, 'near'), 'distance')), radius=t_7(environment.getattr(environment.getattr(l_3_f, 'near'), 'radius')), quality=t_7(environment.getattr(environment.getattr(l_3_f, 'near'), 'quality')), listed=(t_7(environment.getattr(environment.getattr(l_3_f, 'near'), 'listed_quality')) if (not t_20(environment.getattr(environment.getattr(l_3_f, 'near'), 'listed_quality'))) else context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'format.not_stated', _loop_vars=_loop_vars)), _loop_vars=_loop_vars)),
                        '</span>',
                    ))
                if environment.getattr(l_3_f, 'near'):
                    pass
                    t_61.extend((
                        '<span class="second">',
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), ('findings.near_drawn' if environment.getattr(environment.getattr(l_3_f, 'near'), 'drawn') else ('findings.near_unknown' if (not environment.getattr(environment.getattr(l_3_f, 'near'), 'expected')) else ('findings.near_rare' if t_8(environment.getattr(environment.getattr(l_3_f, 'near'), 'expected')) else 'findings.near_chance'))), comparisons=t_7(environment.getattr(environment.getattr(l_3_f, 'near'), 'comparisons')), expected=environment.getattr(environment.getattr(l_3_f, 'near'), 'expected'), one_in=t_7(t_8(environment.getattr(environment.getattr(l_3_f, 'near'), 'expected'))), _loop_vars=_loop_vars)),
                        '</span>',
                    ))
                    if environment.getattr(environment.getattr(l_3_f, 'near'), 'film'):
                        pass
                        t_61.extend((
                            '<span class="second">',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.near_film', frames=t_7(environment.getattr(environment.getattr(environment.getattr(l_3_f, 'near'), 'film'), 'frames')), frames_of=t_7(environment.getattr(environment.getattr(environment.getattr(l_3_f, 'near'), 'film'), 'frames_of')), listed=t_7(environment.getattr(environment.getattr(environment.getattr(l_3_f, 'near'), 'film'), 'listed')), listed_of=t_7(environment.getattr(environment.getattr(environment.getattr(l_3_f, 'near'), 'film'), 'listed_of')), _loop_vars=_loop_vars)),
                            escape(context.call((undefined(name='spans') if l_0_spans is missing else l_0_spans), environment.getattr(environment.getattr(environment.getattr(l_3_f, 'near'), 'film'), 'ranges'), _loop_vars=_loop_vars)),
                            '</span>',
                        ))
                        if environment.getattr(environment.getattr(environment.getattr(l_3_f, 'near'), 'film'), 'listed_ranges'):
                            pass
                            t_61.extend((
                                '<span class="second">',
                                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.near_film_listed', _loop_vars=_loop_vars)),
                                escape(context.call((undefined(name='spans') if l_0_spans is missing else l_0_spans), environment.getattr(environment.getattr(environment.getattr(l_3_f, 'near'), 'film'), 'listed_ranges'), _loop_vars=_loop_vars)),
                                '</span>',
                            ))
                    if (environment.getattr(environment.getattr(l_3_f, 'near'), 'more') or environment.getattr(environment.getattr(l_3_f, 'near'), 'more_at_least')):
                        pass
                        t_61.extend((
                            '<span class="second">',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), ('findings.near_more' if (not environment.getattr(environment.getattr(l_3_f, 'near'), 'more_at_least')) else ('findings.near_more_at_least' if environment.getattr(environment.getattr(l_3_f, 'near'), 'more') else 'findings.near_more_unknown')), count=t_7(environment.getattr(environment.getattr(l_3_f, 'near'), 'more')), _loop_vars=_loop_vars)),
                            '</span>',
                        ))
                t_61.extend((
                    '<span class="second">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('kind.', environment.getattr(l_3_f, 'kind'), )), _loop_vars=_loop_vars)),
                    ': ',
                    escape(context.call((undefined(name='set_name') if l_0_set_name is missing else l_0_set_name), environment.getattr(l_3_f, 'set_name'), environment.getattr(l_3_f, 'issuer'), environment.getattr(l_3_f, 'edition'), _loop_vars=_loop_vars)),
                    '</span></td><td>',
                ))
                if (environment.getattr(l_3_f, 'kind') == 'watch'):
                    pass
                    t_61.append(
                        '–',
                    )
                else:
                    pass
                    t_61.append(
                        escape(context.call((undefined(name='category') if l_0_category is missing else l_0_category), environment.getattr(l_3_f, 'category'), _loop_vars=_loop_vars)),
                    )
                    if environment.getattr(environment.getattr(l_3_f, 'category'), 'scheme'):
                        pass
                        t_61.extend((
                            ' (<bdi>',
                            escape(t_17(markup_join((environment.getattr(environment.getattr(l_3_f, 'category'), 'scheme'), ' ', environment.getattr(environment.getattr(l_3_f, 'category'), 'region'), )))),
                            '</bdi>)',
                        ))
                    if environment.getattr(environment.getattr(l_3_f, 'category'), 'label'):
                        pass
                        t_61.extend((
                            '<span class="second"><bdi>',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'category.label', label=environment.getattr(environment.getattr(l_3_f, 'category'), 'label'), _loop_vars=_loop_vars)),
                            '</bdi></span>',
                        ))
                    for l_4_tag in environment.getattr(environment.getattr(l_3_f, 'category'), 'tags'):
                        _loop_vars = {}
                        pass
                        t_61.extend((
                            '<span class="second"><bdi>',
                            escape(l_4_tag),
                            '</bdi></span>',
                        ))
                    l_4_tag = missing
                    t_61.append(
                        escape(context.call((undefined(name='standing') if l_0_standing is missing else l_0_standing), 'notable', environment.getattr(l_3_f, 'category'), _loop_vars=_loop_vars)),
                    )
                    if (t_20(environment.getattr(l_3_f, 'victim_identified')) and t_20(environment.getattr(l_3_f, 'offender_identified'))):
                        pass
                        t_61.extend((
                            '<span class="second">',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.not_said', _loop_vars=_loop_vars)),
                            '</span>',
                        ))
                    else:
                        pass
                        if (not t_20(environment.getattr(l_3_f, 'victim_identified'))):
                            pass
                            t_61.extend((
                                '<span class="second">',
                                escape((context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.victim_yes', _loop_vars=_loop_vars) if environment.getattr(l_3_f, 'victim_identified') else context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.victim_no', _loop_vars=_loop_vars))),
                                '</span>',
                            ))
                        if (not t_20(environment.getattr(l_3_f, 'offender_identified'))):
                            pass
                            t_61.extend((
                                '<span class="second">',
                                escape((context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.offender_yes', _loop_vars=_loop_vars) if environment.getattr(l_3_f, 'offender_identified') else context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.offender_no', _loop_vars=_loop_vars))),
                                '</span>',
                            ))
                t_61.append(
                    '</td><td>',
                )
                if l_1_withdrawn:
                    pass
                    t_61.extend((
                        '<bdi>',
                        escape((context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'withdrawn.not_in', edition=environment.getattr(l_3_f, 'not_in'), _loop_vars=_loop_vars) if environment.getattr(l_3_f, 'not_in') else (environment.getattr(l_3_f, 'reason') or context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'format.not_stated', _loop_vars=_loop_vars)))),
                        '</bdi>',
                    ))
                else:
                    pass
                    if (environment.getattr(l_3_f, 'status') == 'provisional'):
                        pass
                        t_61.extend((
                            '<span class="strong">',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.provisional', _loop_vars=_loop_vars)),
                            '</span>',
                        ))
                    t_62 = 1
                    for l_4_m in environment.getattr(l_3_f, 'times'):
                        _loop_vars = {}
                        pass
                        t_61.extend((
                            '<span class="second">',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('time.', environment.getattr(l_4_m, 'which'), )), _loop_vars=_loop_vars)),
                            ' <span class="nowrap">',
                            escape(t_12(context.eval_ctx, environment.getattr(l_4_m, 'text'), 'T', ' ')),
                            '</span>',
                        ))
                        if (environment.getattr(l_4_m, 'zone') != 'utc'):
                            pass
                            t_61.extend((
                                ' (',
                                escape(context.call((undefined(name='w') if l_3_w is missing else l_3_w), 'time', environment.getattr(l_4_m, 'zone'), _loop_vars=_loop_vars)),
                                ')',
                            ))
                        t_61.append(
                            '</span>',
                        )
                        t_62 = 0
                    l_4_m = missing
                    if t_62:
                        pass
                        t_61.extend((
                            '<span class="second">',
                            escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.no_times')),
                            '</span>',
                        ))
                t_61.append(
                    '</td></tr>\n',
                )
            l_3_f = l_3_w = missing
            t_61.append(
                '</tbody>\n</table>\n',
            )
            return concat(t_61)
        caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
        t_60.append(context.call((undefined(name='region') if l_0_region is missing else l_0_region), context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join((('withdrawn' if l_1_withdrawn else 'findings'), '.title', ))), caller=caller))
        if (t_3(l_1_list) > (undefined(name='rows') if l_1_rows is missing else l_1_rows)):
            pass
            t_60.extend((
                '<p class="strong">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.shown', shown=t_7((undefined(name='rows') if l_1_rows is missing else l_1_rows)), count=t_7(t_3(l_1_list)))),
                '</p>',
            ))
        return concat(t_60)
    context.exported_vars.add('finding_rows')
    context.vars['finding_rows'] = l_0_finding_rows = Macro(environment, macro, 'finding_rows', ('list', 'withdrawn'), False, False, False, context.eval_ctx.autoescape)
    yield escape(context.call((undefined(name='draw') if l_0_draw is missing else l_0_draw), 'findings'))
    yield '\n'
    if (undefined(name='current') if l_0_current is missing else l_0_current):
        pass
        yield escape(context.call((undefined(name='finding_rows') if l_0_finding_rows is missing else l_0_finding_rows), (undefined(name='current') if l_0_current is missing else l_0_current), False))
        yield '\n'
    else:
        pass
        yield '<p class="strong">'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'findings.none'))
        yield '</p>\n'
    yield '\n'
    yield escape(context.call((undefined(name='heading') if l_0_heading is missing else l_0_heading), 'withdrawn'))
    yield '\n'
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
    yield escape(context.call((undefined(name='heading') if l_0_heading is missing else l_0_heading), 'runs'))
    yield '\n'
    if environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'runs'):
        pass
        yield '<p>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.intro'))
        yield '</p>\n'
    t_63 = 1
    for l_1_run in environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'runs'):
        l_1_w = resolve('w')
        l_1_no = resolve('no')
        l_1_yes = resolve('yes')
        _loop_vars = {}
        pass
        yield '<dl class="facts">\n'
        yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.purpose', _loop_vars=_loop_vars), context.call((undefined(name='w') if l_1_w is missing else l_1_w), 'run_purpose', environment.getattr(l_1_run, 'purpose'), _loop_vars=_loop_vars), _loop_vars=_loop_vars))
        yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.started', _loop_vars=_loop_vars), t_18(environment.getattr(l_1_run, 'started')), _loop_vars=_loop_vars))
        yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.ended', _loop_vars=_loop_vars), (t_18(environment.getattr(l_1_run, 'ended')) if environment.getattr(l_1_run, 'ended') else context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.no_end', _loop_vars=_loop_vars)), _loop_vars=_loop_vars))
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
            yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.broken', at=t_18(environment.getattr(l_2_break, 'noted')), cause=context.call((undefined(name='w') if l_1_w is missing else l_1_w), 'cause', environment.getattr(l_2_break, 'cause'), _loop_vars=_loop_vars), _loop_vars=_loop_vars))
            yield '; '
            if environment.getattr(l_2_break, 'resumed'):
                pass
                yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.resumed', at=t_18(environment.getattr(l_2_break, 'resumed')), _loop_vars=_loop_vars))
            else:
                pass
                yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'runs.not_resumed', _loop_vars=_loop_vars))
            yield '</p>\n'
        l_2_break = missing
        if environment.getattr(l_1_run, 'probes'):
            pass
            yield '<p class="scope">'
            l_1_no = t_2(context.eval_ctx, t_6(context, t_14(context, environment.getattr(l_1_run, 'probes'), 'refused'), attribute='what'), ', ')
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
        t_63 = 0
    l_1_run = l_1_w = l_1_no = l_1_yes = missing
    if t_63:
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
        def macro():
            t_64 = []
            pass
            t_64.extend((
                '<table class="broad">\n<thead><tr><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'check.step')),
                '</th><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'check.system')),
                '</th><th scope="col">',
                escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'check.command')),
                '</th></tr></thead>\n<tbody>\n',
            ))
            l_2_loop = missing
            for l_2_command, l_2_loop in LoopContext(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'commands'), undefined):
                _loop_vars = {}
                pass
                t_64.extend((
                    '<tr><th scope="row">',
                    escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('command.', environment.getattr(l_2_command, 'purpose'), )), _loop_vars=_loop_vars)),
                    '</th><td>',
                ))
                l_3_loop = missing
                for l_3_system, l_3_loop in LoopContext(environment.getattr(l_2_command, 'systems'), undefined):
                    _loop_vars = {}
                    pass
                    t_64.append(
                        escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('system.', l_3_system, )), _loop_vars=_loop_vars)),
                    )
                    if (not environment.getattr(l_3_loop, 'last')):
                        pass
                        t_64.append(
                            ', ',
                        )
                l_3_loop = l_3_system = missing
                t_64.extend((
                    '</td><td><code>',
                    escape(environment.getattr(l_2_command, 'line')),
                    '</code></td></tr>\n',
                ))
            l_2_loop = l_2_command = missing
            t_64.append(
                '</tbody>\n</table>\n',
            )
            return concat(t_64)
        caller = Macro(environment, macro, None, (), False, False, False, context.eval_ctx.autoescape)
        yield context.call((undefined(name='region') if l_0_region is missing else l_0_region), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'check.title'), caller=caller)
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
    yield '</p>\n\n'
    yield escape(context.call((undefined(name='heading') if l_0_heading is missing else l_0_heading), 'statement'))
    yield '\n<p>'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'statement.only'))
    yield ' '
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'statement.whole'))
    yield ' '
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'statement.opinion'))
    yield '</p>\n\n'
    yield escape(context.call((undefined(name='heading') if l_0_heading is missing else l_0_heading), 'events'))
    yield '\n'
    if environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'events'):
        pass
        def macro():
            t_65 = []
            pass
            t_65.extend((
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
                t_65.extend((
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
            t_65.append(
                '</tbody>\n</table>\n',
            )
            return concat(t_65)
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
        yield escape(context.call((undefined(name='fact') if l_0_fact is missing else l_0_fact), context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'environment.self_test'), context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('self_test.', environment.getattr(environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'environment'), 'self_test'), )))))
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
    for l_1_word in ('digest', 'entry', 'exhibit', 'finding', 'gap', 'hash_set', 'item', 'ledger', 'locator'):
        _loop_vars = {}
        pass
        yield '<dt>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('glossary.', l_1_word, )), _loop_vars=_loop_vars))
        yield '</dt>\n<dd>'
        yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), markup_join(('glossary.', l_1_word, '_text', )), _loop_vars=_loop_vars))
        yield '</dd>\n'
    l_1_word = missing
    yield '</dl>\n</main>\n<footer class="foot">\n<p class="end">'
    yield escape(context.call((undefined(name='t') if l_0_t is missing else l_0_t), 'end.mark', number=environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'number'), version=environment.getattr((undefined(name='r') if l_0_r is missing else l_0_r), 'version')))
    yield '</p>\n</footer>\n</body>\n</html>\n'

blocks = {}
debug_info = '1=141&2=148&3=151&5=168&6=175&8=187&10=198&12=200&13=205&14=214&16=220&17=224&18=229&19=238&25=250&26=259&29=279&30=284&32=299&33=307&34=308&36=334&37=345&39=378&40=384&41=390&44=448&45=454&47=478&48=486&50=537&51=544&52=546&54=552&55=561&57=600&58=606&59=614&60=619&61=623&62=625&64=659&65=666&66=707&67=709&68=718&59=730&74=731&78=745&80=751&81=753&82=755&83=757&84=759&86=761&87=763&89=767&90=773&96=793&99=795&104=797&105=803&108=805&112=807&113=809&114=818&115=828&117=831&118=833&121=835&123=838&124=842&128=845&129=846&130=847&131=848&132=849&133=850&134=851&135=852&136=853&140=855&141=857&142=859&144=864&145=866&147=882&148=888&149=892&142=997&155=998&156=1000&158=1003&159=1012&160=1014&161=1022&163=1025&164=1027&165=1034&169=1042&170=1058&171=1060&172=1064&173=1067&175=1069&176=1072&178=1074&179=1080&181=1083&182=1086&184=1089&185=1098&186=1101&187=1104&192=1107&193=1109&194=1112&196=1118&197=1122&201=1152&204=1155&205=1157&207=1160&208=1162&210=1166&211=1171&219=1182&220=1184&222=1190&223=1199&225=1206&226=1210&228=1219&229=1221&231=1231&232=1236&234=1245&235=1249&237=1259&242=1261&243=1264&245=1266&246=1269&248=1271&249=1274&251=1276&252=1279&254=1281&255=1284&258=1287&259=1291&261=1295&262=1298&266=1302&267=1304&271=1307&272=1309&274=1312&275=1313&276=1314&277=1315&278=1316&281=1321&284=1324&285=1325&288=1327&289=1330&290=1334&291=1336&293=1339&294=1342&298=1345&299=1347&301=1352&303=1364&304=1369&299=1491&310=1495&314=1499&315=1501&316=1503&317=1506&318=1518&319=1519&321=1524&322=1528&324=1539&325=1545&319=1566&331=1569&332=1576&333=1577&334=1592&335=1595&336=1597&337=1599&339=1604&341=1615&342=1626&337=1747&349=1749&350=1751&351=1753&352=1756&353=1761&354=1764&355=1766&356=1768&358=1773&360=1785&361=1790&356=1859&366=1860&368=1868&372=1872&374=1874&376=1876&377=1878&378=1880&379=1882&380=1884&381=1889&382=1892&384=1895&385=1901&386=1903&387=1905&389=1910&391=1923&392=1929&387=2070&398=2074&401=2077&402=2079&403=2082&404=2085&405=2087&406=2089&407=2091&409=2096&410=2098&412=2123&413=2134&416=2184&407=2215&419=2216&421=2221&422=2223&424=2234&425=2249&428=2265&419=2278&431=2280&432=2282&435=2284&438=2286&441=2288&442=2291&443=2294&444=2296&445=2298&447=2303&448=2305&450=2320&451=2325&445=2346&456=2347&458=2352&459=2355&460=2359&462=2371&463=2376&465=2404&466=2408&470=2418&456=2426&475=2427&476=2432&477=2434&479=2439&480=2442&481=2446&483=2455&484=2460&488=2495&477=2503&493=2505&495=2510&496=2512&498=2519&499=2525&501=2535&493=2542&508=2544&509=2546&511=2556&512=2560&516=2572&520=2578&522=2580&523=2584&524=2588&525=2592&526=2596&527=2600&532=2604&534=2609&535=2611&537=2626&538=2638&532=2680&544=2682&545=2684&546=2686&547=2694&549=2699&551=2710&552=2716&547=2908&557=2909&559=2919&560=2921&561=2923&563=2928&566=2931&567=2933&568=2936&569=2938&571=2943&574=2946&576=2948&577=2952&579=2955&580=2958&583=2961&584=2964&586=2966&587=2970&592=2975&593=2977&594=2980&596=2983&598=2990&599=2991&600=2992&601=2993&602=2995&603=2997&604=2998&605=2999&606=3000&607=3001&608=3002&609=3003&611=3005&612=3007&613=3009&615=3013&617=3015&618=3019&620=3029&621=3032&623=3046&624=3049&626=3051&629=3063&632=3066&633=3068&634=3071&635=3073&637=3078&639=3086&640=3091&635=3118&645=3120&647=3125&650=3128&652=3135&653=3142&655=3146&658=3154&660=3156&661=3158&663=3164&664=3166&665=3168&667=3173&669=3184&670=3189&665=3208&675=3210&676=3212&678=3220&681=3223&682=3225&684=3228&685=3229&686=3230&687=3231&688=3232&691=3255&694=3258&696=3260&697=3264&698=3266&703=3270'
