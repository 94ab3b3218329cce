"""What blueprints share: the edge, the gate, the person, forms and fields, filters, navigation.

May import every domain package, and no blueprint. ``gate`` says and decides what a route
needs, ``use_case`` puts a refusal back on its form, ``get_or_404`` loads the record of an
address, ``totals_rows`` words the arithmetic of a document.
"""
