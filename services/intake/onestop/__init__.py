"""The one-stop counter ("bộ phận một cửa"): dossiers, queues of numbers, and ratings of clerks."""
