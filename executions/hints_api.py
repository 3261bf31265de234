"""Where Airflow's plug-in tells that something changed: `POST /api/v1/airflow/events`."""

import json
import logging
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError
from rest_framework import exceptions, serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from executions.absence import Absence
from executions.errors import HintsTooLarge
from executions.services.hints import Hint, is_repeated, require_signed, take_hints

logger = logging.getLogger(__name__)

MOST = 1000

# The regular sync sees what changed meanwhile.
_broker = Absence(
    logger, gone="Hints of Airflow are left out", back="Hints of Airflow are taken again"
)


class EventSerializer(serializers.Serializer[Any]):
    """A change in Airflow; what is told of it beside these fields is not needed."""

    dag_id = serializers.CharField(max_length=250)
    run_id = serializers.CharField(max_length=250)
    state = serializers.CharField(max_length=50)


class EventsSerializer(serializers.Serializer[Any]):
    """Changes in Airflow."""

    events = serializers.ListField(child=EventSerializer(), max_length=MOST)


class AirflowEventsView(APIView):
    """Takes signed hints; who sends them is known by the signature alone."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(exclude=True)
    def post(self, request: Request) -> Response:
        """Queue a look at the runs that are named, and say how many looks that makes."""
        try:
            body: bytes = request._request.body
        except RequestDataTooBig as error:
            raise HintsTooLarge from error
        signature = request.headers.get("X-LogiData-Signature", "")
        require_signed(body, request.headers.get("X-LogiData-Timestamp", ""), signature)
        try:
            told = json.loads(body)
        except ValueError as error:
            raise exceptions.ParseError(_("The body is no JSON. Send a JSON object.")) from error
        if isinstance(told, dict) and "events" not in told:
            told = {"events": [told]}
        events = EventsSerializer(data=told)
        events.is_valid(raise_exception=True)
        return Response({"looks": self._take(signature, events.validated_data)}, status=202)

    def _take(self, signature: str, told: dict[str, Any]) -> int:
        try:
            repeated = is_repeated(signature)
            looks = 0 if repeated else take_hints([Hint(**event) for event in told["events"]])
        except (RedisError, BrokerError, OSError) as error:
            _broker.begin(error)
            return 0
        _broker.end()
        return looks
