namespace Vla.Actors.Policies.Remote;

/// <summary>An option of an address that only one protocol has.</summary>
/// <param name="Name">As it is given, before the <c>=</c>.</param>
/// <param name="Form">How its value is written, for messages: <c>KEY</c>.</param>
/// <param name="Allowed">What a value may be, in words.</param>
/// <param name="IsAllowed">Whether a value may be.</param>
internal sealed record WireOption(string Name, string Form, string Allowed, Func<string, bool> IsAllowed);
