"""What each customer will spend: the steps of the pipeline as plain functions over frames."""
