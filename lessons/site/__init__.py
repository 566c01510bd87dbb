"""What the site is made of besides its pages: code, facts and reference, written before mkdocs runs."""
