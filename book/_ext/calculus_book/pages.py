"""Repairs to the pages: nothing foreign is loaded, assistive technology can read them."""


def repair(app, pagename, templatename, context, doctree):
    """Adjust the context of a page before it is rendered."""


def rewrite(app, exception):
    """Mend the written pages where no template or setting reaches."""
