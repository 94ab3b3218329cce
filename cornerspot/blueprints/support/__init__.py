"""What blueprints share: gate, actor, filters, navigation, errors."""
