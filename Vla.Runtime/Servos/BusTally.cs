namespace Vla.Runtime.Servos;

/// <summary>What has happened on a servo bus so far.</summary>
/// <param name="Packets">Packets sent.</param>
/// <param name="Answers">Whole answers.</param>
/// <param name="Missing">Answers that did not come in time.</param>
/// <param name="Damaged">Stretches of bytes that were no answer.</param>
/// <param name="Retries">Packets sent once more for want of an answer.</param>
/// <param name="Faults">Answers in which a servo said that something is wrong with it.</param>
internal sealed record BusTally(long Packets, long Answers, long Missing, long Damaged, long Retries, long Faults)
{
    /// <summary>In words, for whoever looks after the cables.</summary>
    public override string ToString() =>
        $"{Packets} packets, {Answers} answers, {Missing} missing, {Damaged} damaged, "
        + $"{Retries} retries, {Faults} faults told";
}
