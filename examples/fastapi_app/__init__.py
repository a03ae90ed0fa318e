"""A small shop: FastAPI in front, DynamoDB behind, and dynamongo's awaited verbs in between.

Run it from the root of the repository, with everything in memory::

    pip install fastapi uvicorn
    DYNAMONGO_BACKEND=memory uvicorn examples.fastapi_app.app:app

With `DYNAMODB_URL=http://localhost:8001` it uses a local server that speaks DynamoDB; with neither variable, AWS. Then
`http://127.0.0.1:8000/docs` shows the endpoints.

`models.py` has what is stored, `schemas.py` what clients send and get, `app.py` the endpoints, `errors.py` the status
codes of dynamongo's exceptions, and `uploads.py` reads a stream of products.
"""
