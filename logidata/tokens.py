"""Tokens: given for a user name and password, revoked by themselves."""

from typing import Any

from django.contrib.auth import authenticate
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from knox.models import get_token_model
from rest_framework import serializers, status
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import AllowAny, BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from logidata.guessing import GuessingThrottle
from pipelines.serializers import ErrorSerializer, NoFieldsSerializer, StrictSerializer


class CredentialsSerializer(StrictSerializer):
    """Who asks for a token."""

    username = serializers.CharField(max_length=150)
    password = serializers.CharField(
        max_length=4096, trim_whitespace=False, style={"input_type": "password"}
    )


class TokenSerializer(serializers.Serializer[Any]):
    """A token, shown this once: only its hash is kept."""

    token = serializers.CharField()
    expiry = serializers.DateTimeField()


class TokenView(APIView):
    """Bearer tokens for the API."""

    throttle_classes = (GuessingThrottle,)
    serializer_class = CredentialsSerializer

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Return none for a request for a token: an expired one must not stand in its way."""
        if self.request is not None and self.request.method == "POST":
            return []
        return super().get_authenticators()

    def get_permissions(self) -> list[BasePermission]:
        """Let everyone ask."""
        asks = self.request is not None and self.request.method == "POST"
        return [AllowAny() if asks else IsAuthenticated()]

    def get_authenticate_header(self, request: Request) -> str:
        """Name the scheme, so that a wrong password is answered with 401."""
        return "Bearer"

    @extend_schema(
        summary="Get a token",
        auth=[],
        request=CredentialsSerializer,
        responses={
            200: TokenSerializer,
            401: OpenApiResponse(ErrorSerializer, description="Wrong user name or password."),
        },
    )
    def post(self, request: Request) -> Response:
        """Return a new token for a user name and password."""
        serializer = CredentialsSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        user = authenticate(request, **serializer.validated_data)
        if user is None:
            raise AuthenticationFailed(
                _("The user name or the password is wrong, or the user is not active. Correct it.")
            )
        stored, token = get_token_model().objects.create(user=user)
        return Response(TokenSerializer({"token": token, "expiry": stored.expiry}).data)

    @extend_schema(summary="Revoke the token of this request", responses={204: None})
    def delete(self, request: Request) -> Response:
        """Revoke the token that the request was made with."""
        NoFieldsSerializer(data=request.data).is_valid(raise_exception=True)
        if hasattr(request.auth, "delete"):
            request.auth.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)
