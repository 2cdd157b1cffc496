namespace Vla.Runtime.Pages;

/// <summary>One camera picture for people to look at, twice, as JPEG.</summary>
/// <param name="Sequence">Counts the camera's pictures.</param>
/// <param name="CapturedNs">When it was taken, monotonic nanoseconds.</param>
/// <param name="Raw">As the camera gave it, made smaller where it is large.</param>
/// <param name="Policy">As the policy gets it: in the policy's size, normalised and back.</param>
internal sealed record CameraPictures(long Sequence, long CapturedNs, byte[] Raw, byte[] Policy);
