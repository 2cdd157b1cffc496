using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Vla.Actors.Policies.Remote;

/// <summary>Trusts a server whose certificate, or whose signer's, lies in a file.</summary>
internal static class WireCertificate
{
    /// <summary>What decides on a server's certificate; null where this machine does as always.</summary>
    /// <exception cref="PolicyException">The file cannot be read, or holds no certificate.</exception>
    public static RemoteCertificateValidationCallback? Check(WireAddress address) =>
        address.CertificateFile is { } file ? Check(file, (why, inner) => new PolicyException(why, inner)) : null;

    /// <summary>What decides on a certificate by what lies in a file.</summary>
    /// <param name="file">PEM.</param>
    /// <param name="refuse">Makes the exception for a file that cannot be used.</param>
    /// <exception cref="Exception">What <paramref name="refuse"/> makes.</exception>
    public static RemoteCertificateValidationCallback Check(string file, Func<string, Exception?, Exception> refuse)
    {
        var trusted = Read(file, refuse);
        return (_, certificate, _, errors) =>
        {
            // The name has to be right all the same.
            if (certificate is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
                return false;
            using var chain = new X509Chain();
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.AddRange(trusted);
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            using var own = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
            return chain.Build(own);
        };
    }

    private static X509Certificate2Collection Read(string file, Func<string, Exception?, Exception> refuse)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPemFile(file);
        }
        catch (Exception e)
            when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw refuse($"ca '{file}' cannot be read: {e.Message}", e);
        }

        return certificates.Count > 0
            ? certificates
            : throw refuse(
                $"ca '{file}' holds no certificate: it is a file of the PEM kind, with BEGIN CERTIFICATE in it",
                null
            );
    }
}
